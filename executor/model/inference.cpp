#include "model/inference.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace studyctl {
namespace {

const boost::math::normal kNormal;

// How far the middle of the resamples lies from the figure itself, in standard deviations.
double bias_of(const std::vector<double>& figures, double figure) {
  double below = 0;
  // Half of the ties.
  for (const double one : figures) below += one < figure ? 1 : one == figure ? 0.5 : 0;
  const double total = static_cast<double>(figures.size());
  // Never at an end, where the quantile is infinite.
  return boost::math::quantile(kNormal, std::clamp(below / total, 0.5 / total, 1 - 0.5 / total));
}

// How the figure's spread changes with the figure: by leaving out one observation after another.
double acceleration_of(size_t count, const Bootstrap::Statistic& statistic) {
  std::vector<double> without(count);
  std::vector<uint32_t> places(count - 1);
  for (uint32_t left_out = 0; left_out < count; ++left_out) {
    for (uint32_t i = 0; i + 1 < count; ++i) places[i] = i < left_out ? i : i + 1;
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
  return std::midpoint(*std::max_element(values.begin(), middle), *middle);
}

}  // namespace

double mean_of(std::span<const double> values) {
  // Step by step: the sum of two large numbers may be none.
  double mean = 0, count = 0;
  for (const double value : values) mean += (value - mean) / ++count;
  return mean;
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

Bootstrap::Bootstrap(size_t count, uint64_t seed, int resamples, double coverage)
    : count_(count), tail_((1 - coverage) / 2), places_(count * static_cast<size_t>(resamples)) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<uint32_t> any(0, static_cast<uint32_t>(count - 1));
  for (uint32_t& place : places_) place = any(random);
  for (auto own = places_.begin(); own != places_.end(); own += static_cast<std::ptrdiff_t>(count))
    std::sort(own, own + static_cast<std::ptrdiff_t>(count));
}

Interval Bootstrap::interval(const Statistic& statistic) const {
  std::vector<uint32_t> all(count_);
  std::iota(all.begin(), all.end(), 0u);
  std::vector<double> figures;
  for (size_t from = 0; from < places_.size(); from += count_)
    figures.push_back(statistic({places_.data() + from, count_}));

  const double bias = bias_of(figures, statistic(all));
  const double acceleration = acceleration_of(count_, statistic);
  const auto end = [&](double probability) {
    const double shifted = bias + boost::math::quantile(kNormal, probability);
    const double corrected = boost::math::cdf(kNormal, bias + shifted / (1 - acceleration * shifted));
    const auto last = static_cast<int64_t>(figures.size()) - 1;
    const auto place = static_cast<int64_t>(corrected * static_cast<double>(figures.size() + 1)) - 1;
    const auto at = figures.begin() + std::clamp<int64_t>(place, 0, last);
    std::nth_element(figures.begin(), at, figures.end());
    return *at;
  };
  const double low = end(tail_);
  return {low, end(1 - tail_)};
}

Interval median_interval(std::span<const double> by_cycle, const Bootstrap& bootstrap) {
  std::vector<double> sorted(by_cycle.begin(), by_cycle.end());
  std::sort(sorted.begin(), sorted.end());
  // Places ascend, and so do the values there: the middle one is the median.
  return bootstrap.interval([&](std::span<const uint32_t> places) {
    return std::midpoint(sorted[places[(places.size() - 1) / 2]], sorted[places[places.size() / 2]]);
  });
}

Interval ratio_interval(std::span<const double> by_cycle, std::span<const double> baseline,
                        const Bootstrap& bootstrap) {
  return bootstrap.interval([&](std::span<const uint32_t> places) {
    double figure = 0, base = 0;
    for (const uint32_t place : places) {
      figure += by_cycle[place];
      base += baseline[place];
    }
    return figure / base;
  });
}

std::optional<Drift> drift_of(std::span<const Timed> measured) {
  struct Sums {
    double hours = 0, values = 0, count = 0;
  };
  std::vector<Sums> sums;
  double total = 0;
  for (const Timed& one : measured) {
    if (one.experiment >= sums.size()) sums.resize(one.experiment + 1);
    Sums& own = sums[one.experiment];
    own.hours += one.hours;
    own.values += one.value;
    ++own.count;
    total += one.value;
  }
  // One slope for all, each experiment around its own means.
  double hours_squared = 0, values_squared = 0, product = 0, experiments = 0;
  for (const Sums& own : sums) experiments += own.count > 0 ? 1 : 0;
  for (const Timed& one : measured) {
    const Sums& own = sums[one.experiment];
    const double hours = one.hours - own.hours / own.count;
    const double value = one.value - own.values / own.count;
    hours_squared += hours * hours;
    values_squared += value * value;
    product += hours * value;
  }
  const double freedom = static_cast<double>(measured.size()) - experiments - 1;
  if (freedom < 1 || hours_squared <= 0 || total == 0) return std::nullopt;
  const double slope = product / hours_squared;
  const double per_hour = slope * static_cast<double>(measured.size()) / std::abs(total);
  const double left = std::max(0.0, values_squared - slope * product);
  const double error = std::sqrt(left / freedom / hours_squared);
  if (error == 0) return Drift{per_hour, slope == 0 ? 1.0 : 0.0};
  const boost::math::students_t student(freedom);
  return Drift{per_hour, 2 * boost::math::cdf(boost::math::complement(student, std::abs(slope / error)))};
}

}  // namespace studyctl
