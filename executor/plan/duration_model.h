#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace studyctl {

// What a forecast says of a wall time: it is as likely over `p50` as under it, and in nine of ten cases under
// `p90`.
struct Forecast {
  Duration p50{0};
  Duration p90{0};
};

// How long repetitions last, learned from those that are done. The logarithm of a duration is a base, plus an
// effect of the level of each factor (an axis of the sweep, the experiment itself), plus noise; how much each
// factor matters is learned too, so that axes without an effect cost no precision. A linear mixed model,
// sampled by Gibbs' method (Gelman et al., Bayesian Data Analysis, 3rd ed., chapters 11 and 15). Pure; the
// same observations and seed give the same forecast.
class DurationModel {
 public:
  using Levels = std::vector<uint32_t>;  // of each factor
  struct Repetition {
    Levels levels;
    Duration elapsed{0};           // it runs already, for this long
    std::optional<Duration> left;  // known from elsewhere
  };

  explicit DurationModel(size_t factors, uint64_t seed = 1) : factors_(factors), seed_(seed) {}

  // One repetition that is done. Keeps the newest few thousand. `levels` has one for each factor.
  void add(Levels levels, Duration duration);
  size_t size() const { return seen_.size(); }

  // The wall time of `count` repetitions, started in order of their place, `parallelism` at a time. `at` is
  // asked for a few thousand of them at most. Nothing before the first add().
  std::optional<Forecast> forecast(uint64_t count, const std::function<Repetition(uint64_t)>& at,
                                   uint32_t parallelism) const;

 private:
  struct Seen {
    Levels levels;
    double log_seconds;
  };

  size_t factors_;
  uint64_t seed_;
  std::vector<Seen> seen_;
  size_t oldest_ = 0;  // the place that the next one takes once it is full
};

}  // namespace studyctl
