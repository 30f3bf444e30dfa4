#include "plan/duration_model.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <random>
#include <unordered_map>

namespace studyctl {
namespace {

// So many that a forecast takes some 20 ms: a run makes one every few seconds.
constexpr size_t kMostSeen = 2000;
constexpr uint64_t kMostAsked = 600;
constexpr int kWarmUp = 100;
constexpr int kDraws = 200;
// What is believed of a variance before anything is seen: about 0.1² on the logarithm, as one observation.
constexpr double kPriorWeight = 1;
constexpr double kPriorVariance = 0.01;

// The effects of one factor's levels as of the last draw.
struct Factor {
  std::unordered_map<uint32_t, size_t> place_of;
  std::vector<double> effects;
  double variance = 0.1;
};

// One draw after another from what the model may be, given what was seen.
class Sampler {
 public:
  Sampler(const std::vector<std::vector<uint32_t>>& levels, std::vector<double> values, size_t factors,
          uint64_t seed)
      : random_(seed),
        factors_(factors),
        places_(levels.size(), std::vector<size_t>(factors)),
        rest_(std::move(values)) {
    for (size_t i = 0; i < levels.size(); ++i) {
      for (size_t f = 0; f < factors; ++f) places_[i][f] = place(f, levels[i][f]);
    }
    for (Factor& factor : factors_) factor.effects.assign(factor.place_of.size(), 0);
  }

  void draw() {
    draw_base();
    for (size_t f = 0; f < factors_.size(); ++f) draw_factor(f);
    double squares = 0;
    for (const double rest : rest_) squares += rest * rest;
    noise_ = draw_variance(squares, rest_.size());
    unseen_.clear();
  }

  // The duration of one repetition, in seconds, by the last draw. One that has run for `elapsed` lasts
  // longer.
  double seconds(const std::vector<uint32_t>& levels, double elapsed) {
    double mean = base_;
    for (size_t f = 0; f < factors_.size(); ++f) mean += effect(f, levels[f]);
    constexpr int kTries = 8;
    for (int i = 0; i < kTries; ++i) {
      const double lasts = std::exp(mean + normal(noise_));
      if (lasts > elapsed) return lasts - elapsed;
    }
    return elapsed * std::sqrt(noise_);
  }

 private:
  size_t place(size_t factor, uint32_t level) {
    auto& places = factors_[factor].place_of;
    return places.try_emplace(level, places.size()).first->second;
  }

  double normal(double variance) { return std::sqrt(variance) * normal_(random_); }

  double draw_variance(double squares, size_t count) {
    const double freedom = kPriorWeight + static_cast<double>(count);
    std::gamma_distribution<double> gamma(freedom / 2, 2);
    return (kPriorWeight * kPriorVariance + squares) / gamma(random_);
  }

  void draw_base() {
    double sum = 0;
    for (double& rest : rest_) sum += rest += base_;
    const double count = static_cast<double>(rest_.size());
    base_ = sum / count + normal(noise_ / count);
    for (double& rest : rest_) rest -= base_;
  }

  void draw_factor(size_t f) {
    Factor& factor = factors_[f];
    std::vector<double> sums(factor.effects.size()), counts(factor.effects.size());
    for (size_t i = 0; i < rest_.size(); ++i) {
      const size_t at = places_[i][f];
      rest_[i] += factor.effects[at];
      sums[at] += rest_[i];
      ++counts[at];
    }
    double squares = 0;
    for (size_t level = 0; level < sums.size(); ++level) {
      const double variance = 1 / (counts[level] / noise_ + 1 / factor.variance);
      const double effect = variance * sums[level] / noise_ + normal(variance);
      factor.effects[level] = effect;
      squares += effect * effect;
    }
    for (size_t i = 0; i < rest_.size(); ++i) rest_[i] -= factor.effects[places_[i][f]];
    factor.variance = draw_variance(squares, factor.effects.size());
  }

  // A level that nobody has seen is as any other, and the same for the whole of a draw.
  double effect(size_t f, uint32_t level) {
    const Factor& factor = factors_[f];
    if (const auto known = factor.place_of.find(level); known != factor.place_of.end())
      return factor.effects[known->second];
    const auto [entry, is_new] = unseen_.try_emplace((uint64_t{f} << 32) | level);
    if (is_new) entry->second = normal(factor.variance);
    return entry->second;
  }

  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::vector<Factor> factors_;
  std::vector<std::vector<size_t>> places_;
  std::vector<double> rest_;  // of each observation, what the model does not explain
  std::unordered_map<uint64_t, double> unseen_;
  double base_ = 0;
  double noise_ = 0.1;
};

// When the last of `lengths` is done, each started in order as soon as one of `places` is free.
double wall_time(const std::vector<double>& lengths, uint32_t places) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  double last = 0;
  for (const double length : lengths) {
    double begin = 0;
    if (free_at.size() >= places) {
      begin = free_at.top();
      free_at.pop();
    }
    free_at.push(begin + length);
    last = std::max(last, begin + length);
  }
  return last;
}

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Duration from_seconds(double seconds) {
  constexpr double kMost = 1e11;  // 3,000 years: an int64 of milliseconds holds it
  return Duration(static_cast<int64_t>(std::min(seconds, kMost) * 1000));
}

}  // namespace

void DurationModel::add(Levels levels, Duration duration) {
  Seen seen{std::move(levels), std::log(std::max(in_seconds(duration), 1e-3))};
  if (seen_.size() < kMostSeen) {
    seen_.push_back(std::move(seen));
    return;
  }
  seen_[oldest_] = std::move(seen);
  oldest_ = (oldest_ + 1) % kMostSeen;
}

std::optional<Forecast> DurationModel::forecast(uint64_t count, const std::function<Repetition(uint64_t)>& at,
                                                uint32_t parallelism) const {
  if (seen_.empty()) return std::nullopt;
  const uint64_t asked = std::min(count, kMostAsked);
  if (asked == 0) return Forecast{};
  std::vector<Repetition> remaining;
  for (uint64_t i = 0; i < asked; ++i) remaining.push_back(at(i * count / asked));

  std::vector<Levels> levels;
  std::vector<double> values;
  for (const Seen& seen : seen_) {
    levels.push_back(seen.levels);
    values.push_back(seen.log_seconds);
  }
  Sampler sampler(levels, std::move(values), factors_, seed_);
  for (int i = 0; i < kWarmUp; ++i) sampler.draw();

  const double scale = static_cast<double>(count) / static_cast<double>(asked);
  std::vector<double> walls;
  for (int i = 0; i < kDraws; ++i) {
    sampler.draw();
    std::vector<double> lengths;
    for (const Repetition& repetition : remaining)
      lengths.push_back(repetition.left ? in_seconds(*repetition.left)
                                        : sampler.seconds(repetition.levels, in_seconds(repetition.elapsed)));
    walls.push_back(wall_time(lengths, std::max<uint32_t>(parallelism, 1)) * scale);
  }
  std::sort(walls.begin(), walls.end());
  return Forecast{from_seconds(walls[kDraws / 2]), from_seconds(walls[kDraws * 9 / 10])};
}

}  // namespace studyctl
