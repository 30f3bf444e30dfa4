#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/inference.h"
#include "model/measurements.h"

namespace studyctl {

// What is asked of measurements.
struct Question {
  std::vector<std::string> by;  // the parameters that make a group; empty: every one that varies
  // Values that a group is compared with: "backend" → "pytorch". Their parameters are among `by`.
  std::vector<std::pair<std::string, std::string>> baseline;
  uint64_t seed = 0;  // of the bootstrap
};

// A figure beside that of the group's baseline, cycle by cycle.
struct Comparison {
  size_t cycles = 0;      // that both have
  double difference = 0;  // mean of the differences
  std::optional<Interval> difference_interval;
  double ratio = 0;  // of the means
  std::optional<Interval> ratio_interval;
};

// What a metric came to in a group. Where a group has several experiments, a cycle counts by its mean, and
// for the median by its median; so `mean` and `median` are those of the cycles, and their intervals are of
// them.
struct MetricSummary {
  enum class Standing : uint8_t {
    None,  // no goal, or it is worse than the best by more than cycles vary
    Best,  // the best mean of all groups, by the metric's goal
    Tied,  // not told apart from the best: the 95 % interval of the paired difference holds 0
  };
  size_t n = 0;  // repetitions with a number
  size_t cycles = 0;
  double mean = 0, median = 0, min = 0, max = 0;
  double standard_deviation = 0;  // of the repetitions
  std::optional<Interval> mean_interval, median_interval;
  std::optional<Comparison> against;
  Standing standing = Standing::None;
};

struct ResultGroup {
  uint32_t point;  // its first experiment: its values of Conclusions::by are the group's
  size_t repetitions = 0;
  std::vector<MetricSummary> metrics;  // by series
};

// Beside Measurements, which it does not hold.
struct Conclusions {
  std::vector<uint32_t> by;         // parameters
  std::vector<ResultGroup> groups;  // in the order of the plan
};

// Invalid names a parameter that no experiment has, or a baseline that is in no group.
Result<Conclusions> conclude(const Measurements& measured, const Question& question);

// A metric that moves with time rather than with the parameters.
struct MetricDrift {
  std::string metric;
  Drift drift;
  double hours;  // from the first repetition to the last
};
// Those of which chance alone would show as much in one of a thousand runs at most, and that move by more
// than a hundredth over the run.
std::vector<MetricDrift> drifts_of(const Measurements& measured);
// "latency moves with time, whatever the parameters: +2.1 % over 3h (p = 2e-07)"
std::string drift_text(const MetricDrift& drift);

}  // namespace studyctl
