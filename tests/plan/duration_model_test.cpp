#include "plan/duration_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace studyctl {
namespace {

using Levels = DurationModel::Levels;
using std::chrono::seconds;

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// 4 × 3 × 5 points, 5 cycles, log-normal durations with an effect per level; a random half has been seen.
struct SimulatedStudy {
  std::vector<Levels> levels;
  std::vector<double> lasts;
  size_t seen = 0;

  SimulatedStudy(double effect_sd, std::mt19937_64& random) {
    constexpr std::array<uint32_t, 3> kAxes = {4, 3, 5};
    std::normal_distribution<double> normal;
    std::array<std::vector<double>, 3> effects;
    for (size_t axis = 0; axis < 3; ++axis) {
      for (uint32_t level = 0; level < kAxes[axis]; ++level)
        effects[axis].push_back(effect_sd * normal(random));
    }
    for (uint32_t point = 0; point < 60; ++point) {
      const Levels at{point / 15, point / 5 % 3, point % 5};
      double mean = std::log(60);
      for (size_t axis = 0; axis < 3; ++axis) mean += effects[axis][at[axis]];
      for (int cycle = 0; cycle < 5; ++cycle) {
        levels.push_back({at[0], at[1], at[2], point});
        lasts.push_back(std::exp(mean + 0.3 * normal(random)));
      }
    }
    std::vector<size_t> order(levels.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    const SimulatedStudy before = *this;
    for (size_t i = 0; i < order.size(); ++i) {
      levels[i] = before.levels[order[i]];
      lasts[i] = before.lasts[order[i]];
    }
    seen = levels.size() / 2;
  }
};

struct Grades {
  double below_p50 = 0;
  double below_p90 = 0;
  double error = 0;       // the median of |p50 − truth| / truth
  double mean_error = 0;  // the same of remaining × mean of seen
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<int64_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

Grades grade(double effect_sd) {
  constexpr int kStudies = 200;
  std::mt19937_64 random(20261122);
  Grades grades;
  std::vector<double> errors, mean_errors;
  for (int i = 0; i < kStudies; ++i) {
    const SimulatedStudy study(effect_sd, random);
    DurationModel model(4);
    double sum_seen = 0, truth = 0;
    for (size_t k = 0; k < study.seen; ++k) {
      model.add(study.levels[k], Duration(static_cast<int64_t>(1000 * study.lasts[k])));
      sum_seen += study.lasts[k];
    }
    for (size_t k = study.seen; k < study.lasts.size(); ++k) truth += study.lasts[k];
    const size_t left = study.lasts.size() - study.seen;
    const auto at = [&](uint64_t k) { return DurationModel::Repetition{study.levels[study.seen + k], {}}; };
    const Forecast forecast = *model.forecast(left, at, 1);
    if (truth < in_seconds(forecast.p50)) grades.below_p50 += 1.0 / kStudies;
    if (truth < in_seconds(forecast.p90)) grades.below_p90 += 1.0 / kStudies;
    errors.push_back(std::abs(in_seconds(forecast.p50) - truth) / truth);
    const double by_mean = sum_seen / static_cast<double>(study.seen) * static_cast<double>(left);
    mean_errors.push_back(std::abs(by_mean - truth) / truth);
  }
  grades.error = median(errors);
  grades.mean_error = median(mean_errors);
  return grades;
}

TEST(DurationModel, IsAsSureAsItShouldBeAndTwiceAsGoodAsTheMean) {
  const Grades grades = grade(0.9);
  EXPECT_GE(grades.below_p50, 0.40);
  EXPECT_LE(grades.below_p50, 0.60);
  EXPECT_GE(grades.below_p90, 0.85);
  EXPECT_LE(grades.below_p90, 0.95);
  EXPECT_LE(grades.error, 0.5 * grades.mean_error);
}

TEST(DurationModel, LosesLittleWhereNoAxisMatters) {
  const Grades grades = grade(0);
  EXPECT_GE(grades.below_p50, 0.40);
  EXPECT_LE(grades.below_p50, 0.60);
  EXPECT_GE(grades.below_p90, 0.85);
  EXPECT_LE(grades.below_p90, 0.95);
  EXPECT_LE(grades.error, 1.1 * grades.mean_error);
}

DurationModel model_of(std::initializer_list<std::pair<uint32_t, Duration>> seen) {
  DurationModel model(1);
  for (const auto& [level, duration] : seen) model.add({level}, duration);
  return model;
}

DurationModel steady_minutes() {
  DurationModel model(1);
  for (int i = 0; i < 50; ++i) model.add({0}, seconds(60));
  return model;
}

TEST(DurationModel, KnowsNothingBeforeOneIsDone) {
  EXPECT_FALSE(model_of({}).forecast(
      3,
      [](uint64_t) {
        return DurationModel::Repetition{{0}, {}};
      },
      1));
}

TEST(DurationModel, SaysTheSameWhenItIsAskedAgain) {
  const DurationModel model = model_of({{0, seconds(10)}, {1, seconds(100)}, {1, seconds(130)}});
  const auto at = [](uint64_t i) { return DurationModel::Repetition{{static_cast<uint32_t>(i)}, {}}; };
  EXPECT_EQ(model.forecast(3, at, 1)->p90, model.forecast(3, at, 1)->p90);
}

TEST(DurationModel, WhatRunsBesideEachOtherTakesNoLongerThanOne) {
  const auto at = [](uint64_t) { return DurationModel::Repetition{{0}, {}}; };
  const DurationModel model = steady_minutes();
  EXPECT_NEAR(in_seconds(model.forecast(4, at, 1)->p50), 240, 12);
  EXPECT_NEAR(in_seconds(model.forecast(4, at, 4)->p50), 60, 8);
}

TEST(DurationModel, WhatHasRunForAWhileNeedsTheRestOnly) {
  const auto at = [](uint64_t) { return DurationModel::Repetition{{0}, seconds(50)}; };
  EXPECT_LT(in_seconds(steady_minutes().forecast(1, at, 1)->p50), 20);
}

TEST(DurationModel, ALevelThatNobodyHasSeenMakesItLessSure) {
  DurationModel model(1);
  for (uint32_t level = 0; level < 4; ++level) {
    for (int i = 0; i < 5; ++i) model.add({level}, seconds(10 << (2 * level)));
  }
  const Forecast seen = *model.forecast(
      1,
      [](uint64_t) {
        return DurationModel::Repetition{{1}, {}};
      },
      1);
  const Forecast unseen = *model.forecast(
      1,
      [](uint64_t) {
        return DurationModel::Repetition{{9}, {}};
      },
      1);
  EXPECT_GT(in_seconds(unseen.p90) / in_seconds(unseen.p50), 2 * in_seconds(seen.p90) / in_seconds(seen.p50));
}

TEST(DurationModel, AMillionAreForecastFromAFewThousandOfThem) {
  uint64_t asked = 0;
  const auto at = [&](uint64_t) { return ++asked, DurationModel::Repetition{{0}, {}}; };
  const Forecast forecast = *steady_minutes().forecast(1'000'000, at, 10);
  EXPECT_NEAR(in_seconds(forecast.p50), 6e6, 3e5);
  EXPECT_LE(asked, 2000u);
}

}  // namespace
}  // namespace studyctl
