#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace studyctl {

// What repeated cycles say of a figure, and how surely. One value a cycle goes in, since the repetitions of
// one cycle share its circumstances (heat, load, hour) and are no independent witnesses. Pure.
struct Interval {
  double low;
  double high;
};

inline constexpr size_t kFewestForMean = 2;        // cycles, for the interval of a mean
inline constexpr size_t kFewestForBootstrap = 10;  // cycles, for that of a median or a ratio

// Of the mean, 95 %, by Student's t. Nothing below kFewestForMean values.
std::optional<Interval> mean_interval(std::span<const double> by_cycle);

// Bias-corrected and accelerated bootstrap (Efron, "Better bootstrap confidence intervals", JASA 82, 1987)
// over `count` observations. The resamples are drawn once, and are the same for every figure that is asked
// about: thousands of groups of as many cycles each share one.
class Bootstrap {
 public:
  // The same seed gives the same intervals.
  explicit Bootstrap(size_t count, uint64_t seed, int resamples = 2000, double coverage = 0.95);

  // A figure of the observations at these places, some of them there twice, in ascending order.
  using Statistic = std::function<double(std::span<const uint32_t> places)>;
  // Where every resample comes to the same, that is both its ends.
  Interval interval(const Statistic& statistic) const;

 private:
  size_t count_;
  double tail_;
  std::vector<uint32_t> places_;  // one resample behind the other
};

// Of the median of `by_cycle`. As many as the bootstrap is of.
Interval median_interval(std::span<const double> by_cycle, const Bootstrap& bootstrap);
// Of mean(figure) / mean(baseline) over the cycles that both have, in the same order.
Interval ratio_interval(std::span<const double> by_cycle, std::span<const double> baseline,
                        const Bootstrap& bootstrap);

// A figure of one experiment, and when it was measured.
struct Timed {
  uint32_t experiment;  // numbered from 0, without large gaps
  double hours;
  double value;
};

// How a figure moves with time rather than with the parameters.
struct Drift {
  double per_hour;  // of the figure's mean: 0.02 is 2 % an hour
  double p_value;   // how often chance alone would show as much; two-sided, by Student's t
};

// The trend that all experiments share, each compared with itself in other cycles. Nothing where that leaves
// no freedom: an experiment tells something from its second cycle on.
std::optional<Drift> drift_of(std::span<const Timed> measured);

// Of at least one value.
double mean_of(std::span<const double> values);
double median_of(std::span<const double> values);
// Of a sample: 0 for one value.
double standard_deviation_of(std::span<const double> values);

}  // namespace studyctl
