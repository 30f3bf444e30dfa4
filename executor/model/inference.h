#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

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

// Of the median, 95 %, by bootstrap. Nothing below kFewestForBootstrap values.
std::optional<Interval> median_interval(std::span<const double> by_cycle, uint64_t seed);

// Of mean(figure) / mean(baseline), 95 %, by bootstrap over the cycles that both have, in the same order.
// Nothing below kFewestForBootstrap cycles, or where the baseline's mean is 0.
std::optional<Interval> ratio_interval(std::span<const double> by_cycle, std::span<const double> baseline,
                                       uint64_t seed);

// Bias-corrected and accelerated bootstrap (Efron, "Better bootstrap confidence intervals", JASA 82, 1987).
struct Bootstrap {
  uint64_t seed = 0;  // the same seed gives the same interval
  int resamples = 2000;
  double coverage = 0.95;
  // A figure of the observations at these places, some of them there twice; called a few thousand times.
  using Statistic = std::function<double(std::span<const size_t> places)>;

  // Over `count` observations. Where every resample comes to the same, that is both its ends.
  Interval interval(size_t count, const Statistic& statistic) const;
};

// A figure of one experiment, and when it was measured.
struct Timed {
  uint64_t experiment;
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
