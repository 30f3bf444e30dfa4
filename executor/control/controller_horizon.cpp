#include <algorithm>

#include "base/text.h"
#include "control/controller.h"

// A run on what is taken away at a time that is known: an allocation of a batch scheduler.
namespace studyctl {
namespace {

constexpr Duration kSealing = std::chrono::seconds(5);  // after the last end, for what it left to be kept

std::string seconds_text(std::chrono::seconds duration) {
  return format_duration(std::max(duration, std::chrono::seconds(0)));
}

}  // namespace

// From then on whatever runs is asked to end.
std::optional<Steady> Controller::last_moment() const {
  const auto horizon = engine_.horizon();
  if (!horizon) return std::nullopt;
  return horizon->at - kSealing - execution_.timeouts.grace;
}

// What is cut off is given back: it waits for the next allocation, and does not count.
void Controller::heed_horizon() {
  const auto last = last_moment();
  if (!last || recovering_ || clock_.steady() < *last) return;
  const std::string message = engine_.horizon()->name + " ends";
  for (auto& [key, live] : live_)
    if (!ledger_.active(key)->stopping) stop(live, Reason::Interrupted, message);
  const bool has_more = !live_.empty() || ledger_.count(RepetitionState::Waiting) > 0;
  if (ledger_.run_state() != RunState::Running || !has_more) return;
  change_run(RunState::Stopping, message + ": apply in the next one to go on");
}

std::optional<std::string> Controller::too_late_for(const RepetitionKey& key) const {
  const auto last = last_moment();
  if (!last) return std::nullopt;
  std::optional<Duration> longest = timeouts_of(key).run;
  std::string by = "timeouts.run";
  if (const auto p90 = durations_.p90(); p90 && (!longest || *p90 < *longest)) {
    longest = p90;
    by = "nine of ten so far took no longer";
  }
  if (!longest || clock_.steady() + *longest <= *last) return std::nullopt;
  const Horizon horizon = *engine_.horizon();
  return horizon.name + " ends in " +
         seconds_text(std::chrono::floor<std::chrono::seconds>(horizon.at - clock_.steady())) +
         ", and the next experiment may take " +
         seconds_text(std::chrono::ceil<std::chrono::seconds>(*longest)) + " (" + by +
         "): apply in the next one to go on";
}

}  // namespace studyctl
