#include "http/log_answer.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "http/problem.h"
#include "http/query.h"
#include "store/harvest/merged_log.h"

namespace studyctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kPage = 256 << 10;
constexpr Duration kSilence{15'000};  // then a comment says that it is still there

std::string text_of(const MergedLog::Position& position) {
  return std::to_string(position.index) + "." + std::to_string(position.read[0]) + "." +
         std::to_string(position.read[1]);
}

Result<MergedLog::Position> position_in(const std::string& text) {
  const std::vector<std::string> parts = split(text, '.');
  MergedLog::Position position;
  if (parts.size() == 3 && read_number(parts[0], position.index) && read_number(parts[1], position.read[0]) &&
      read_number(parts[2], position.read[1]))
    return position;
  return Error{ErrorCode::Invalid, "?continue=" + printable(text) + ": is no place in a log"};
}

Json item_of(const LogChunk& chunk) {
  return {{"stream", chunk.stream == LogStream::Stdout ? "stdout" : "stderr"},
          {"at", chunk.at == Instant() ? Json(nullptr) : Json(format_instant(chunk.at))},
          {"text", to_utf8(chunk.bytes)}};
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// One log that is asked for.
struct AskedLog {
  std::filesystem::path directory;  // as it was called
  MergedLog log;

  // Nothing more will be said: what an attempt writes into gets another name at its end.
  bool has_ended() const {
    std::error_code ignored;
    return directory.extension() != ".partial" || !std::filesystem::exists(directory, ignored);
  }
};

// The attempt that is meant, of those that there are.
Result<AskedLog> find(const ChosenRun& chosen, const ApiRequest& request) {
  const auto given = [&](const char* name, uint64_t& to) {
    const auto found = request.query.find(name);
    return found == request.query.end() || (read_number(found->second, to) && to <= UINT32_MAX);
  };
  uint64_t cycle = 1, attempt = 0;
  const auto experiment = request.query.find("experiment");
  if (experiment == request.query.end() || !given("cycle", cycle) || !given("attempt", attempt))
    return Error{ErrorCode::Invalid, "?experiment= says whose log; ?cycle= and ?attempt= are numbers"};
  auto attempts =
      chosen.catalog.attempts(chosen.run.record.id, experiment->second, static_cast<uint32_t>(cycle));
  if (!attempts) return std::move(attempts).error();
  const AttemptSummary* meant = attempts->empty() ? nullptr : &attempts->back();
  if (attempt > 0) {
    const auto found = std::find_if(attempts->begin(), attempts->end(),
                                    [&](const AttemptSummary& one) { return one.key.attempt == attempt; });
    meant = found == attempts->end() ? nullptr : &*found;
  }
  if (meant == nullptr) return Error{ErrorCode::NotFound, "there is no such attempt, or it has not begun"};
  auto directory =
      files_of(chosen, {experiment->second, static_cast<uint32_t>(cycle), meant->key.attempt}, meant->source);
  if (!directory) return std::move(directory).error();
  auto log = MergedLog::open(*directory);
  if (!log) return std::move(log).error();
  return AskedLog{*std::move(directory), *std::move(log)};
}

Result<void> seek(MergedLog& log, const ApiRequest& request) {
  const auto last = request.headers.find("last-event-id");
  const auto from = last != request.headers.end() ? last : request.query.find("continue");
  if (last != request.headers.end() || from != request.query.end()) {
    const auto position = position_in(from->second);
    if (!position) return position.error();
    log.resume(*position);
    return {};
  }
  const auto tail = request.query.find("tail");
  if (tail == request.query.end()) return {};
  uint64_t lines = 0;
  if (!read_number(tail->second, lines)) return Error{ErrorCode::Invalid, "?tail= is a number of lines"};
  log.seek_tail(lines, kPage);
  return {};
}

// One follower of a log.
class LogStreamer {
 public:
  explicit LogStreamer(AskedLog asked) : asked_(std::move(asked)) {}

  std::optional<std::string> more() {
    if (is_over_) return std::nullopt;
    // Looked at before the log is: all that was said stands there by then.
    const bool ended = asked_.has_ended();
    std::string events;
    while (events.size() < kPage)
      if (const auto chunk = asked_.log.next())
        events += "id: " + text_of(asked_.log.position()) + "\ndata: " + dump(item_of(*chunk)) + "\n\n";
      else
        break;
    if (!events.empty()) return told(std::move(events));
    is_over_ = ended;
    if (ended) return "event: end\ndata: {}\n\n";
    return clock_.steady() - told_at_ < kSilence ? std::string() : told(": still there\n\n");
  }

 private:
  std::string told(std::string text) {
    told_at_ = clock_.steady();
    return text;
  }

  AskedLog asked_;
  SystemClock clock_;
  Steady told_at_ = clock_.steady();
  bool is_over_ = false;
};

ApiResponse page_of(AskedLog asked) {
  const bool ended = asked.has_ended();
  Json items = Json::array();
  for (size_t bytes = 0; bytes < kPage;) {
    const auto chunk = asked.log.next();
    if (!chunk) break;
    bytes += chunk->bytes.size();
    items.push_back(item_of(*chunk));
  }
  const Json page = {{"apiVersion", "studyctl.io/v1alpha1"},
                     {"kind", "List"},
                     {"metadata", {{"continue", text_of(asked.log.position())}, {"ended", ended}}},
                     {"items", std::move(items)}};
  return {200, dump(page), "application/json", {{"Cache-Control", "no-store"}}};
}

}  // namespace

ApiResponse log_answer(const ChosenRun& chosen, const ApiRequest& request) {
  auto asked = find(chosen, request);
  if (!asked) return problem_of(asked.error());
  if (auto sought = seek(asked->log, request); !sought) return problem_of(sought.error());
  const auto follow = request.query.find("follow");
  if (follow == request.query.end() || follow->second != "true") return page_of(*std::move(asked));
  ApiResponse response{200, "", "text/event-stream", {{"Cache-Control", "no-store"}}};
  // std::function wants to be copied.
  response.more = [streamer = std::make_shared<LogStreamer>(*std::move(asked))] { return streamer->more(); };
  return response;
}

}  // namespace studyctl
