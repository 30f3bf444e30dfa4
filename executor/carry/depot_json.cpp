#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "carry/depot.h"

namespace studyctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostLeftOut = 100;

}  // namespace

std::string carry_plan_json(const CarryPlan& plan) {
  Json json{{"run", plan.run}, {"places", Json::array()}};
  for (const CarriedPlace& place : plan.places)
    json["places"].push_back(
        {{"path", to_utf8(place.path.string())}, {"home", place.comes_home}, {"results", place.is_results}});
  return json.dump();
}

Result<CarryPlan> carry_plan_from_json(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    CarryPlan plan{json.at("run").get<std::string>(), {}};
    for (const Json& place : json.at("places"))
      plan.places.push_back({place.at("path").get<std::string>(), place.at("home").get<bool>(),
                             place.at("results").get<bool>()});
    return plan;
  } catch (const Json::exception&) {
    return Error{ErrorCode::Internal, "the plan of a depot cannot be read"};
  }
}

std::string carry_whole_json(const Depot::Whole& whole) {
  Json json{{"size", whole.size}, {"sha256", whole.sha256}, {"leftOut", Json::array()}};
  for (const std::string& one : whole.left_out) json["leftOut"].push_back(to_utf8(one));
  return json.dump();
}

Result<Depot::Whole> carry_whole_from_json(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    Depot::Whole whole{json.at("size").get<uint64_t>(), json.at("sha256").get<std::string>(), {}};
    for (const Json& one : json.at("leftOut"))
      if (whole.left_out.size() < kMostLeftOut) whole.left_out.push_back(printable(one.get<std::string>()));
    if (!is_sha256(whole.sha256)) return Error{ErrorCode::Invalid, "sha256: is no SHA-256"};
    return whole;
  } catch (const Json::exception&) {
    return Error{ErrorCode::Invalid, "what is said of the archive cannot be read"};
  }
}

}  // namespace studyctl
