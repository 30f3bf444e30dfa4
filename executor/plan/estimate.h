#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/study.h"
#include "plan/duration_model.h"

namespace studyctl {

// How long a run takes by the wall clock, before it starts.
struct Estimate {
  std::optional<Duration> expected;  // nothing when nobody knows how long one lasts
  bool may_grow = false;  // `repeatUntil` may add cycles: `expected` is without them, `at_most` with all
  std::optional<Duration> p90;  // nine of ten such runs are over by then; from what was measured alone
  uint64_t measured = 0;        // repetitions that both were learned from; 0: by expectedDuration
  Duration repetition{0};       // expectedDuration, where it is by that
  Duration cooldowns{0};        // of `expected`
  // When every attempt runs into its timeout and every counted retry is made; what engines and machines do
  // comes on top. Nothing without a run or a study timeout.
  std::optional<Duration> at_most;
};

// What earlier repetitions tell of the wall time of all that is planned, without cooldowns.
struct Experience {
  Forecast forecast;
  uint64_t repetitions = 0;  // that it was learned from
};

// `experience` replaces expectedDuration. At most execution.parallelism run at once, as many as fit on the
// machine when the caller has lowered it to that.
Estimate estimate(const Study& study, uint64_t experiments,
                  const std::optional<Experience>& experience = std::nullopt);

// For people, a line each: "about 2h 5m; nine times in ten under 2h 40m". Never empty.
std::vector<std::string> estimate_lines(const Estimate& estimate);

}  // namespace studyctl
