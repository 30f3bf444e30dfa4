#include "model/inference.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace studyctl {
namespace {

// Spatial test A of Efron & Tibshirani, An Introduction to the Bootstrap (1993), table 14.1.
constexpr std::array<double, 26> kSpatial = {48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6,
                                             0,  33, 28, 34, 4,  32, 24, 47, 41, 24, 26, 30, 41};

double plug_in_variance(std::span<const uint32_t> places) {
  double sum = 0, squares = 0;
  for (const uint32_t place : places) sum += kSpatial[place];
  const double mean = sum / static_cast<double>(places.size());
  for (const uint32_t place : places) squares += (kSpatial[place] - mean) * (kSpatial[place] - mean);
  return squares / static_cast<double>(places.size());
}

// The book has (115.8, 259.6) from 2,000 resamples; SciPy 1.10.1's bootstrap(method='BCa') 115.78 and 261.23
// from 100,000.
TEST(Inference, TheBootstrapGivesThePublishedIntervalOfAVariance) {
  const Bootstrap bootstrap(kSpatial.size(), 1, 100'000, 0.90);
  const Interval interval = bootstrap.interval(plug_in_variance);
  EXPECT_NEAR(interval.low, 115.78, 1);
  EXPECT_NEAR(interval.high, 261.23, 1);
}

// By SciPy 1.10.1's bootstrap(method='BCa'), 100,000 resamples.
TEST(Inference, MediansAndRatiosAreAsAnotherImplementationHasThem) {
  const Interval median =
      median_interval(std::vector<double>{5, 1, 4, 2, 8, 5, 7, 1, 2, 9, 3, 6}, Bootstrap(12, 1));
  EXPECT_NEAR(median.low, 2.0, 0.5);
  EXPECT_NEAR(median.high, 6.5, 0.5);
  const Interval ratio =
      ratio_interval(std::vector<double>{5.1, 4.8, 5.6, 5.2, 4.9, 6.0, 5.5, 5.3, 5.0, 5.8},
                     std::vector<double>{4, 4.1, 4.4, 4.2, 3.8, 4.9, 4.3, 4.4, 4.0, 4.6}, Bootstrap(10, 1));
  EXPECT_NEAR(ratio.low, 1.2200, 0.005);
  EXPECT_NEAR(ratio.high, 1.2642, 0.005);
}

// Student's sleep data (1908), the second drug: 95 % from 0.90 to 3.76, as R's t.test prints it.
TEST(Inference, TheMeanOfStudentsOwnDataHasItsPublishedInterval) {
  constexpr std::array<double, 10> kSleep = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  const Interval interval = *mean_interval(kSleep);
  EXPECT_NEAR(interval.low, 0.8976775, 1e-6);
  EXPECT_NEAR(interval.high, 3.7623225, 1e-6);
}

TEST(Inference, NormalDataIsCoveredAsOftenAsItSays) {
  constexpr int kStudies = 4000;
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(10, 3);
  int covered = 0;
  for (int i = 0; i < kStudies; ++i) {
    std::array<double, 5> values{};
    for (double& value : values) value = normal(random);
    const Interval interval = *mean_interval(values);
    if (interval.low <= 10 && 10 <= interval.high) ++covered;
  }
  EXPECT_GE(covered, kStudies * 93 / 100);
  EXPECT_LE(covered, kStudies * 97 / 100);
}

TEST(Inference, LargeNumbersHaveAMean) {
  EXPECT_EQ(mean_of(std::array{1.5e308, 1.5e308}), 1.5e308);
  EXPECT_EQ(median_of(std::array{1.5e308, 1.5e308}), 1.5e308);
  EXPECT_NEAR(mean_of(std::array{0.1, 0.2, 0.3}), 0.2, 1e-15);
}

TEST(Inference, OneCycleSaysNothingOfTheSpread) {
  EXPECT_FALSE(mean_interval(std::array{1.0}));
}

TEST(Inference, TheMedianOfSkewedDataIsCovered) {
  constexpr int kStudies = 400;
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> skewed(0, 1);
  int covered = 0;
  for (int i = 0; i < kStudies; ++i) {
    std::vector<double> values(20);
    for (double& value : values) value = skewed(random);
    const Interval interval = median_interval(values, Bootstrap(20, static_cast<uint64_t>(i)));
    if (interval.low <= 1 && 1 <= interval.high) ++covered;
  }
  EXPECT_GE(covered, kStudies * 90 / 100);
  EXPECT_LE(covered, kStudies * 99 / 100);
}

TEST(Inference, CyclesThatVaryTogetherStillGiveATightRatio) {
  std::mt19937_64 random(9);
  std::lognormal_distribution<double> weather(0, 0.5);
  std::normal_distribution<double> noise(1, 0.01);
  std::vector<double> figure, baseline;
  for (int cycle = 0; cycle < 20; ++cycle) {
    const double today = weather(random);
    figure.push_back(1.2 * today * noise(random));
    baseline.push_back(today * noise(random));
  }
  const Interval interval = ratio_interval(figure, baseline, Bootstrap(20, 1));
  EXPECT_LT(interval.low, 1.2);
  EXPECT_GT(interval.high, 1.2);
  EXPECT_LT(interval.high - interval.low, 0.03);
}

TEST(Inference, ValuesThatAreAllTheSameHaveAnIntervalOfNoWidth) {
  const Interval interval = median_interval(std::vector<double>(12, 4.5), Bootstrap(12, 3));
  EXPECT_EQ(interval.low, 4.5);
  EXPECT_EQ(interval.high, 4.5);
}

TEST(Inference, TheSameSeedGivesTheSameInterval) {
  const std::vector<double> values = {5, 1, 4, 2, 8, 5, 7, 1, 2, 9, 3};
  const Interval once = median_interval(values, Bootstrap(11, 42));
  const Interval again = median_interval(values, Bootstrap(11, 42));
  EXPECT_EQ(once.low, again.low);
  EXPECT_EQ(once.high, again.high);
}

// Twenty points in five cycles, interleaved: each takes 0.1 h.
std::vector<Timed> measured(double drift_per_hour, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(0, 0.02);
  std::vector<Timed> all;
  for (int cycle = 0; cycle < 5; ++cycle) {
    for (uint32_t point = 0; point < 20; ++point) {
      const double hours = 0.1 * static_cast<double>(all.size());
      const double level = 1 + static_cast<double>(point);
      all.push_back({point, hours, level * (1 + noise(random) + drift_per_hour * hours)});
    }
  }
  return all;
}

TEST(Inference, AFigureThatMovesWithTimeIsToldFromOneThatMovesWithItsParameters) {
  const Drift drift = *drift_of(measured(0.01, 1));
  EXPECT_LT(drift.p_value, 0.001);
  EXPECT_NEAR(drift.per_hour, 0.01, 0.003);
}

TEST(Inference, ADriftIsSeenWhereThereIsNoneAsOftenAsItsChanceSays) {
  int seen = 0;
  for (uint64_t seed = 0; seed < 500; ++seed) seen += drift_of(measured(0, seed))->p_value < 0.05;
  EXPECT_GE(seen, 10);
  EXPECT_LE(seen, 45);
}

TEST(Inference, OneCycleCannotShowADrift) {
  const std::vector<Timed> once = {{0, 0, 1}, {1, 1, 2}, {2, 2, 3}};
  EXPECT_FALSE(drift_of(once));
}

}  // namespace
}  // namespace studyctl
