#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/study.h"

namespace studyctl {

// How long a run takes by the wall clock, before it starts.
struct Estimate {
  Duration repetition{0};            // what one is taken to last
  bool is_observed = false;          // it was measured, not said by expectedDuration
  std::optional<Duration> expected;  // nothing when nobody knows how long one lasts
  Duration cooldowns{0};             // of `expected`
  // When every attempt runs into its timeout and every counted retry is made; what engines and machines do
  // comes on top. Nothing without a run or a study timeout.
  std::optional<Duration> at_most;
};

// `observed`: the average of repetitions that are done; it replaces expectedDuration. At most
// execution.parallelism run at once, as many as fit on the machine when the caller has lowered it to that.
Estimate estimate(const Study& study, uint64_t experiments, std::optional<Duration> observed = std::nullopt);

// For people, a line each: "about 2h 5m: 12 repetitions of 10m, cooldowns 5m". Never empty.
std::vector<std::string> estimate_lines(const Estimate& estimate);

}  // namespace studyctl
