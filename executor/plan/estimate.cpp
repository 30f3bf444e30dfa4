#include "plan/estimate.h"

#include <algorithm>

#include "base/text.h"
#include "model/retry.h"
#include "plan/repetition_rule.h"

namespace studyctl {
namespace {

// Of a plan of 10^8 points that run for a century each, nobody wants the rest of the digits.
constexpr double kMostMilliseconds = 1e17;

Duration clamped(double milliseconds) {
  return Duration(static_cast<int64_t>(std::min(milliseconds, kMostMilliseconds)));
}

uint64_t ceil_div(uint64_t a, uint64_t b) {
  return a / b + (a % b == 0 ? 0 : 1);
}

double milliseconds(Duration duration) {
  return static_cast<double>(duration.count());
}

// `places` attempts run together, then the next ones: how many times, and what lies between.
struct Rounds {
  double rounds = 0;
  double gaps = 0;
  double cycle_gaps = 0;
};

Rounds rounds_of(const Execution& execution, uint64_t experiments, uint32_t cycles) {
  const auto places = static_cast<uint64_t>(std::max(execution.parallelism, 1));
  Rounds result;
  // Only a cooldown between them makes one cycle wait for the end of the other.
  if (execution.order != Order::Sequential && execution.cooldown.cycle > Duration(0)) {
    result.rounds = static_cast<double>(ceil_div(experiments, places)) * cycles;
    result.cycle_gaps = static_cast<double>(cycles) - 1;
  } else {
    result.rounds = static_cast<double>(ceil_div(experiments * cycles, places));
  }
  result.gaps = std::max(result.rounds - 1 - result.cycle_gaps, 0.0);
  return result;
}

double cooldowns_of(const Cooldown& cooldown, const Rounds& rounds) {
  return rounds.gaps * milliseconds(cooldown.experiment) +
         rounds.cycle_gaps * milliseconds(std::max(cooldown.cycle, cooldown.experiment));
}

std::optional<Duration> bound_of(const Execution& execution, const Rounds& rounds) {
  std::optional<double> most;
  if (execution.timeouts.run) {
    const auto attempts = static_cast<uint32_t>(std::max(execution.retry.limit, 0)) + 1;
    const double attempt = milliseconds(*execution.timeouts.run) + milliseconds(execution.timeouts.grace);
    double repetition = attempt * attempts + milliseconds(execution.cooldown.experiment) * (attempts - 1);
    // The delay stops growing long before this.
    const uint32_t failures = std::min(attempts - 1, 100u);
    for (uint32_t failure = 1; failure <= failures; ++failure) {
      repetition += milliseconds(backoff_after(execution.retry.backoff, failure));
    }
    repetition += milliseconds(execution.retry.backoff.max) * (attempts - 1 - failures);
    most = rounds.rounds * repetition + cooldowns_of(execution.cooldown, rounds);
  }
  if (execution.timeouts.study) {
    const double study = milliseconds(*execution.timeouts.study) + milliseconds(execution.timeouts.grace);
    most = std::min(most.value_or(study), study);
  }
  if (!most) return std::nullopt;
  return clamped(*most);
}

}  // namespace

Estimate estimate(const Study& study, uint64_t experiments, const std::optional<Experience>& experience) {
  const Execution& execution = study.execution;
  const Rounds rounds = rounds_of(execution, experiments, execution.cycles);
  const double cooldowns = cooldowns_of(execution.cooldown, rounds);
  Estimate result;
  result.may_grow = execution.repeat_until.has_value();
  result.cooldowns = clamped(cooldowns);
  result.at_most = bound_of(execution, rounds_of(execution, experiments, most_cycles(execution)));
  if (experience) {
    result.measured = experience->repetitions;
    result.expected = clamped(milliseconds(experience->forecast.p50) + cooldowns);
    result.p90 = clamped(milliseconds(experience->forecast.p90) + cooldowns);
  } else if (execution.expected_duration) {
    result.repetition = *execution.expected_duration;
    result.expected = clamped(rounds.rounds * milliseconds(result.repetition) + cooldowns);
  }
  return result;
}

std::vector<std::string> estimate_lines(const Estimate& estimate) {
  std::vector<std::string> lines;
  if (estimate.expected) {
    std::string line =
        (estimate.may_grow ? "at least about " : "about ") + human_duration(*estimate.expected);
    if (estimate.p90)
      line += ", nine times in ten under " + human_duration(*estimate.p90) + ", by " +
              std::to_string(estimate.measured) + " earlier repetitions";
    else
      line += ", at " + human_duration(estimate.repetition) + " a repetition";
    if (estimate.cooldowns > Duration(0))
      line += ", cooldowns of " + human_duration(estimate.cooldowns) + " included";
    lines.push_back(line);
  } else {
    std::string line = "wall time unknown: spec.execution.expectedDuration is not set";
    if (estimate.cooldowns > Duration(0))
      line += "; cooldowns alone take " + human_duration(estimate.cooldowns);
    lines.push_back(line);
  }
  if (estimate.at_most) {
    lines.push_back("at most " + human_duration(*estimate.at_most) +
                    ", by its timeouts, retries and cooldowns");
  }
  return lines;
}

}  // namespace studyctl
