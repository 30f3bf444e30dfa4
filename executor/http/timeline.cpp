#include "http/timeline.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "http/problem.h"
#include "http/query.h"

namespace studyctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFinest = 1.0 / 1000;  // of the time that is looked at
constexpr uint64_t kMostRunning = 1000;

struct Span {
  size_t lane = 0;
  double from = 0, to = 0;
  RanAttempt attempt;
  uint64_t attempts = 1;
};

class Timeline {
 public:
  Timeline(Instant start, double from, double to) : start_(start), from_(from), to_(to) {}

  void add(const RanAttempt& ran) {
    const double from = since(ran.started_at), to = since(ran.finished_at);
    end_ = std::max(end_, to);
    if (ran.devices.empty()) return add_to(place_for(from, to), ran);
    for (const std::string& device : ran.devices) add_to(lane_named(device), ran);
  }

  double since(Instant at) const { return std::chrono::duration<double>(at - start_).count(); }

  Json json() const {
    Json lanes = Json::array(), spans = Json::array();
    for (const std::string& name : lanes_) lanes.push_back(to_utf8(name));
    for (const Span& span : spans_) {
      Json one = {{"lane", span.lane},
                  {"from", span.from},
                  {"to", span.to},
                  {"state", span.attempt.state},
                  {"attempts", span.attempts}};
      if (span.attempts == 1) {
        one["experiment"] = span.attempt.experiment;
        one["cycle"] = span.attempt.cycle;
        one["attempt"] = span.attempt.attempt;
      }
      spans.push_back(std::move(one));
    }
    return {{"start", format_instant(start_)}, {"from", from_},
            {"to", std::min(to_, end_)},       {"end", end_},
            {"lanes", std::move(lanes)},       {"spans", std::move(spans)}};
  }

 private:
  size_t lane_named(const std::string& name) {
    const auto [at, is_new] = places_.try_emplace(name, lanes_.size());
    if (is_new) lanes_.push_back(name);
    return at->second;
  }
  size_t place_for(double from, double to) {
    const auto free = std::find_if(free_at_.begin(), free_at_.end(), [&](double at) { return at <= from; });
    const auto slot = static_cast<size_t>(free - free_at_.begin());
    if (free == free_at_.end()) free_at_.push_back(0);
    free_at_[slot] = to;
    return lane_named("place " + std::to_string(slot + 1));
  }

  void add_to(size_t lane, const RanAttempt& ran) {
    const double from = since(ran.started_at), to = since(ran.finished_at);
    if (to < from_ || from > to_) return;
    const double finest = (to_ - from_) * kFinest;
    last_.resize(std::max(last_.size(), lane + 1), SIZE_MAX);
    Span* before = last_[lane] == SIZE_MAX ? nullptr : &spans_[last_[lane]];
    const bool is_fine = before != nullptr && before->attempt.state == ran.state &&
                         from - before->to < finest && to - from < finest && to - before->from < 10 * finest;
    if (is_fine) {
      before->to = std::max(before->to, to);
      ++before->attempts;
      return;
    }
    last_[lane] = spans_.size();
    spans_.push_back({lane, from, to, ran});
  }

  Instant start_;
  double from_, to_;
  double end_ = 0;
  std::vector<std::string> lanes_;
  std::map<std::string, size_t> places_;
  std::vector<double> free_at_;  // of the places of those without a device
  std::vector<size_t> last_;     // span of a lane
  std::vector<Span> spans_;
};

std::optional<double> seconds_in(const ApiRequest& request, const char* name, double otherwise) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return otherwise;
  double value = 0;
  return read_number(found->second, value) ? std::optional(value) : std::nullopt;
}

Result<void> add_running(const ChosenRun& chosen, Instant now, Timeline& to) {
  const std::string& run = chosen.run.record.id;
  RepetitionFilter filter;
  filter.states = {RepetitionState::Running};
  filter.limit = kMostRunning;
  return chosen.catalog.repetitions(run, filter, [&](const RepetitionSummary& one) {
    const auto attempts = chosen.catalog.attempts(run, one.experiment, one.key.cycle);
    if (attempts && !attempts->empty() && one.started_at)
      to.add({one.experiment, one.key.cycle, one.attempt, "Running", attempts->back().devices,
              *one.started_at, now});
    return true;
  });
}

}  // namespace

ApiResponse timeline(const ChosenRun& chosen, const ApiRequest& request) {
  const RunSummary& run = chosen.run;
  const Instant start = run.started_at.value_or(run.record.created_at);
  const Instant now = is_on(chosen) ? SystemClock().now() : run.finished_at.value_or(run.updated_at);
  const double whole = std::chrono::duration<double>(now - start).count();
  const auto from = seconds_in(request, "from", 0), to = seconds_in(request, "to", whole);
  if (!from || !to || *to < *from) return problem(400, "?from and ?to are seconds since the run's start");
  Timeline all(start, *from, *to);
  auto read = chosen.catalog.ran_attempts(run.record.id, [&](const RanAttempt& ran) { all.add(ran); });
  if (read) read = add_running(chosen, now, all);
  if (!read) return problem_of(read.error());
  return {200,
          all.json().dump(-1, ' ', false, Json::error_handler_t::replace),
          "application/json",
          {{"Cache-Control", "no-store"}}};
}

}  // namespace studyctl
