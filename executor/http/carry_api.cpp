#include "http/carry_api.h"

#include "base/text.h"
#include "carry/depot.h"
#include "carry/pass.h"
#include "http/access.h"
#include "http/problem.h"
#include "http/query.h"

namespace studyctl {
namespace {

constexpr int kSignsOfLife = 20;  // a follower is asked every tenth of a second

struct CarryAsked {
  std::string attempt, what;
  CarryPurpose purpose = CarryPurpose::Out;
};

std::optional<CarryAsked> asked_of(const ApiRequest& request) {
  if (!request.path.starts_with(kCarryPath)) return std::nullopt;
  const std::vector<std::string> parts = split(request.path.substr(std::string(kCarryPath).size()), '/');
  if (parts.size() != 2) return std::nullopt;
  CarryAsked asked{parts[0], request.method + " " + parts[1]};
  if (asked.what == "GET in") {
    asked.purpose = CarryPurpose::In;
  } else if (asked.what != "GET end" && asked.what != "PUT out" && asked.what != "POST whole" &&
             asked.what != "POST failure") {
    return std::nullopt;
  }
  return asked;
}

Result<uint64_t> offset_of(const ApiRequest& request) {
  uint64_t offset = 0;
  const auto said = request.query.find("offset");
  if (said == request.query.end() || !read_number(said->second, offset) || request.query.size() != 1)
    return Error{ErrorCode::Invalid, "?offset: wants a number, and there is nothing else to ask"};
  return offset;
}

ApiResponse said(const Result<void>& result) {
  return result ? ApiResponse{204, ""} : problem_of(result.error());
}

ApiResponse give_inputs(const Depot& depot, uint64_t offset) {
  auto piece = depot.inputs(offset, kCarryPiece);
  if (!piece) return problem_of(piece.error());
  ApiResponse response{200, std::move(piece->bytes), "application/octet-stream"};
  response.headers.emplace_back(kCarrySize, std::to_string(piece->size));
  return response;
}

ApiResponse follow_to_its_end(const Depot& depot) {
  if (const auto known = depot.plan(); !known) return problem_of(known.error());
  ApiResponse response{200, "", "text/plain"};
  response.more = [depot, asked = 0, is_over = false]() mutable -> std::optional<std::string> {
    if (is_over) return std::nullopt;
    if (depot.has_ended()) {
      is_over = true;
      return kCarryEnded;
    }
    return asked++ % kSignsOfLife == 0 ? "\n" : "";
  };
  return response;
}

ApiResponse answer(const CarryHouse& house, const ApiRequest& request) {
  const auto asked = asked_of(request);
  if (!asked)
    return problem(404, request.method + " " + printable(request.path) + ": there is no such route");
  const auto depot = Depot::of(house.depots, asked->attempt);
  if (!depot) return problem_of(depot.error());
  if (asked->what == "GET end") return follow_to_its_end(*depot);
  if (asked->what == "POST failure") return said(depot->take_failure(request.body));
  if (asked->what == "POST whole") {
    const auto whole = carry_whole_from_json(request.body);
    return whole ? said(depot->take_whole(*whole)) : problem_of(whole.error());
  }
  const auto offset = offset_of(request);
  if (!offset) return problem_of(offset.error());
  if (asked->what == "GET in") return give_inputs(*depot, *offset);
  return said(depot->take(*offset, request.body));
}

}  // namespace

std::function<std::optional<ApiResponse>(ApiRequest&)> carry_admission(CarryHouse house) {
  return [house = std::move(house)](ApiRequest& request) -> std::optional<ApiResponse> {
    const auto asked = asked_of(request);
    if (!asked) return problem(404, "there is no such route: attempts' files alone are carried here");
    const std::string pass = bearer_of(request).value_or("");
    if (is_carry_pass(house.key, asked->purpose, asked->attempt, pass)) return std::nullopt;
    return problem(403, "the pass is not that of this attempt");
  };
}

Server::Answer carry_routes(CarryHouse house) {
  return [house = std::move(house)](const ApiRequest& request) { return answer(house, request); };
}

}  // namespace studyctl
