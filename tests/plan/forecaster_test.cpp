#include "plan/forecaster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "plan/study_builder.h"

namespace studyctl {
namespace {

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// 4 × 3 × 5 points, 5 cycles, log-normal durations with an effect per level; a random half has been seen.
const std::array<std::string, 3> kNames = {"a", "b", "c"};

struct SimulatedStudy {
  std::vector<Point> points;
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
    for (uint32_t number = 0; number < 60; ++number) {
      const std::array<uint32_t, 3> at{number / 15, number / 5 % 3, number % 5};
      Point point;
      for (size_t axis = 0; axis < 3; ++axis)
        point.parameters.emplace_back(kNames[axis], Value{Value::Kind::Number, std::to_string(at[axis])});
      double mean = std::log(60);
      for (size_t axis = 0; axis < 3; ++axis) mean += effects[axis][at[axis]];
      for (int cycle = 0; cycle < 5; ++cycle) {
        points.push_back(point);
        lasts.push_back(std::exp(mean + 0.3 * normal(random)));
      }
    }
    std::vector<size_t> order(points.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    const SimulatedStudy before = *this;
    for (size_t i = 0; i < order.size(); ++i) {
      points[i] = before.points[order[i]];
      lasts[i] = before.lasts[order[i]];
    }
    seen = points.size() / 2;
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
    Study asked;
    for (const std::string& name : kNames) asked.sweep.push_back(axis(name, {"0"}));
    Forecaster forecaster(asked);
    double sum_seen = 0, truth = 0;
    for (size_t k = 0; k < study.seen; ++k) {
      forecaster.add(study.points[k], Duration(static_cast<int64_t>(1000 * study.lasts[k])));
      sum_seen += study.lasts[k];
    }
    for (size_t k = study.seen; k < study.lasts.size(); ++k) truth += study.lasts[k];
    const size_t left = study.lasts.size() - study.seen;
    const auto at = [&](uint64_t k) { return Forecaster::Ahead{study.points[study.seen + k], {}, {}}; };
    const Forecast forecast = *forecaster.forecast(left, at, 1);
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

TEST(Forecaster, IsAsSureAsItShouldBeAndTwiceAsGoodAsTheMean) {
  const Grades grades = grade(0.9);
  EXPECT_GE(grades.below_p50, 0.40);
  EXPECT_LE(grades.below_p50, 0.60);
  EXPECT_GE(grades.below_p90, 0.85);
  EXPECT_LE(grades.below_p90, 0.95);
  EXPECT_LE(grades.error, 0.5 * grades.mean_error);
}

TEST(Forecaster, LosesLittleWhereNoAxisMatters) {
  const Grades grades = grade(0);
  EXPECT_GE(grades.below_p50, 0.40);
  EXPECT_LE(grades.below_p50, 0.60);
  EXPECT_GE(grades.below_p90, 0.85);
  EXPECT_LE(grades.below_p90, 0.95);
  EXPECT_LE(grades.error, 1.1 * grades.mean_error);
}

TEST(Forecaster, LearnsWhatAParameterCosts) {
  Study study;
  study.sweep = {axis("model", {"small", "large"}), axis("batch", {"1", "2", "4"})};
  const auto plan = Plan::make(study);
  Forecaster forecaster(study);
  for (int cycle = 0; cycle < 20; ++cycle) {
    for (uint64_t index = 0; index < 6; ++index)
      forecaster.add(plan->at(index), std::chrono::seconds(index < 3 ? 10 : 100));
  }
  const auto at = [&](uint64_t index) {
    return [&plan, index](uint64_t) { return Forecaster::Ahead{plan->at(index), {}, {}}; };
  };
  EXPECT_NEAR(in_seconds(forecaster.forecast(1, at(0), 1)->p50), 10, 1);
  EXPECT_NEAR(in_seconds(forecaster.forecast(1, at(5), 1)->p50), 100, 10);
}

// `molecule` says how long one lasts; `name` and `energy` are each row's own, and say nothing of others.
TEST(Forecaster, LearnsWhatTheValueOfAColumnCosts) {
  Study study;
  study.experiments_from.emplace();
  study.experiments_from->rows.names = {"name", "molecule", "energy"};
  ValueTable rows(3);
  for (uint64_t row = 0; row < 40; ++row)
    rows.add({text("s" + std::to_string(row)), text(row % 2 == 0 ? "small" : "large"),
              number(std::to_string(row) + ".5")},
             row + 1);
  study.experiments_from->rows.values = std::move(rows);
  const auto plan = Plan::make(study);
  Forecaster forecaster(study);
  for (uint64_t index = 0; index < 20; ++index)
    forecaster.add(plan->at(index), std::chrono::seconds(index % 2 == 0 ? 10 : 100));
  const auto at = [&](uint64_t index) {
    return [&plan, index](uint64_t) { return Forecaster::Ahead{plan->at(index), {}, {}}; };
  };
  EXPECT_NEAR(in_seconds(forecaster.forecast(1, at(38), 1)->p50), 10, 1);
  EXPECT_NEAR(in_seconds(forecaster.forecast(1, at(39), 1)->p50), 100, 10);
}

TEST(Forecaster, KnowsNothingOfAStudyThatNeverRan) {
  const Study study;
  EXPECT_FALSE(Forecaster(study).forecast(
      1, [](uint64_t) { return Forecaster::Ahead{}; }, 1));
}

}  // namespace
}  // namespace studyctl
