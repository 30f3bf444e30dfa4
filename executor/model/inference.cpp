#include "model/inference.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <random>
#include <unordered_map>
#include <vector>

namespace studyctl {
namespace {

const boost::math::normal kNormal;

// How far the middle of the resamples lies from the figure itself, in standard deviations.
double bias_of(const std::vector<double>& sorted, double figure) {
  const auto below = std::lower_bound(sorted.begin(), sorted.end(), figure) - sorted.begin();
  const auto up_to = std::upper_bound(sorted.begin(), sorted.end(), figure) - sorted.begin();
  const double total = static_cast<double>(sorted.size());
  // Half of the ties, and never at an end, where the quantile is infinite.
  const double share =
      std::clamp(static_cast<double>(below + up_to) / 2 / total, 0.5 / total, 1 - 0.5 / total);
  return boost::math::quantile(kNormal, share);
}

// How the figure's spread changes with the figure: by leaving out one observation after another.
double acceleration_of(size_t count, const Bootstrap::Statistic& statistic) {
  std::vector<double> without(count);
  std::vector<size_t> places(count - 1);
  for (size_t left_out = 0; left_out < count; ++left_out) {
    for (size_t i = 0; i + 1 < count; ++i) places[i] = i < left_out ? i : i + 1;
    without[left_out] = statistic(places);
  }
  const double middle = mean_of(without);
  double squares = 0, cubes = 0;
  for (const double one : without) {
    const double distance = middle - one;
    squares += distance * distance;
    cubes += distance * distance * distance;
  }
  return squares == 0 ? 0 : cubes / (6 * std::pow(squares, 1.5));
}

double median_in_place(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

}  // namespace

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median_of(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  return median_in_place(copy);
}

double standard_deviation_of(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double middle = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

std::optional<Interval> mean_interval(std::span<const double> by_cycle) {
  if (by_cycle.size() < kFewestForMean) return std::nullopt;
  const double count = static_cast<double>(by_cycle.size());
  const double t = boost::math::quantile(boost::math::students_t(count - 1), 0.975);
  const double half = t * standard_deviation_of(by_cycle) / std::sqrt(count);
  const double middle = mean_of(by_cycle);
  return Interval{middle - half, middle + half};
}

Interval Bootstrap::interval(size_t count, const Statistic& statistic) const {
  std::mt19937_64 random(seed);
  std::vector<size_t> places(count);
  std::iota(places.begin(), places.end(), size_t{0});
  const double figure = statistic(places);
  std::vector<double> figures(static_cast<size_t>(resamples));
  std::uniform_int_distribution<size_t> any(0, count - 1);
  for (double& resampled : figures) {
    for (size_t& place : places) place = any(random);
    resampled = statistic(places);
  }
  std::sort(figures.begin(), figures.end());

  const double bias = bias_of(figures, figure);
  const double acceleration = acceleration_of(count, statistic);
  const auto end = [&](double probability) {
    const double shifted = bias + boost::math::quantile(kNormal, probability);
    const double corrected = boost::math::cdf(kNormal, bias + shifted / (1 - acceleration * shifted));
    const auto place = static_cast<int64_t>(corrected * static_cast<double>(resamples + 1)) - 1;
    return figures[static_cast<size_t>(std::clamp<int64_t>(place, 0, resamples - 1))];
  };
  const double tail = (1 - coverage) / 2;
  return {end(tail), end(1 - tail)};
}

std::optional<Interval> median_interval(std::span<const double> by_cycle, uint64_t seed) {
  if (by_cycle.size() < kFewestForBootstrap) return std::nullopt;
  std::vector<double> chosen;
  return Bootstrap{seed}.interval(by_cycle.size(), [&](std::span<const size_t> places) {
    chosen.clear();
    for (const size_t place : places) chosen.push_back(by_cycle[place]);
    return median_in_place(chosen);
  });
}

std::optional<Drift> drift_of(std::span<const Timed> measured) {
  struct Sums {
    double hours = 0, values = 0, count = 0;
  };
  std::unordered_map<uint64_t, Sums> sums;
  double total = 0;
  for (const Timed& one : measured) {
    Sums& own = sums[one.experiment];
    own.hours += one.hours;
    own.values += one.value;
    ++own.count;
    total += one.value;
  }
  // One slope for all, each experiment around its own means.
  double hours_squared = 0, values_squared = 0, product = 0;
  for (const Timed& one : measured) {
    const Sums& own = sums[one.experiment];
    const double hours = one.hours - own.hours / own.count;
    const double value = one.value - own.values / own.count;
    hours_squared += hours * hours;
    values_squared += value * value;
    product += hours * value;
  }
  const double freedom = static_cast<double>(measured.size()) - static_cast<double>(sums.size()) - 1;
  if (freedom < 1 || hours_squared <= 0 || total == 0) return std::nullopt;
  const double slope = product / hours_squared;
  const double per_hour = slope * static_cast<double>(measured.size()) / std::abs(total);
  const double left = std::max(0.0, values_squared - slope * product);
  const double error = std::sqrt(left / freedom / hours_squared);
  if (error == 0) return Drift{per_hour, slope == 0 ? 1.0 : 0.0};
  const boost::math::students_t student(freedom);
  return Drift{per_hour, 2 * boost::math::cdf(boost::math::complement(student, std::abs(slope / error)))};
}

std::optional<Interval> ratio_interval(std::span<const double> by_cycle, std::span<const double> baseline,
                                       uint64_t seed) {
  if (by_cycle.size() < kFewestForBootstrap || mean_of(baseline) == 0) return std::nullopt;
  return Bootstrap{seed}.interval(by_cycle.size(), [&](std::span<const size_t> places) {
    double figure = 0, base = 0;
    for (const size_t place : places) {
      figure += by_cycle[place];
      base += baseline[place];
    }
    return figure / base;
  });
}

}  // namespace studyctl
