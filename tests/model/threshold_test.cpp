#include "model/threshold.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

FailureThreshold of_count(uint64_t most) {
  FailureThreshold threshold;
  threshold.max_failed = most;
  return threshold;
}
FailureThreshold of_percent(double most, uint64_t min_samples = 0) {
  FailureThreshold threshold;
  threshold.max_failed_percent = most;
  threshold.min_samples = min_samples;
  return threshold;
}

TEST(Threshold, FiveToleratedMeansThatTheSixthActs) {
  EXPECT_FALSE(exceeded(of_count(5), {5, 20, 100}));
  EXPECT_EQ(exceeded(of_count(5), {6, 20, 100}), "6 failed > 5 tolerated");
}

TEST(Threshold, ZeroToleratedMeansThatTheFirstActs) {
  EXPECT_FALSE(exceeded(of_count(0), {0, 20, 100}));
  EXPECT_TRUE(exceeded(of_count(0), {1, 20, 100}));
}

TEST(Threshold, WithoutANumberThereIsNoLimit) {
  EXPECT_FALSE(exceeded({}, {100, 100, 100}));
}

TEST(Threshold, APercentageIsOfThePlanRoundedDown) {
  EXPECT_EQ(tolerated(of_percent(10), {0, 1, 59}), 5u);
  EXPECT_EQ(tolerated(of_percent(10), {0, 1, 60}), 6u);
  EXPECT_EQ(tolerated(of_percent(10), {0, 1, 9}), 0u);
}

TEST(Threshold, APercentageThatIsWholeIsNotRoundedAway) {
  EXPECT_EQ(tolerated(of_percent(7), {0, 0, 100}), 7u);
  EXPECT_EQ(tolerated(of_percent(0.3), {0, 0, 1000}), 3u);
  EXPECT_EQ(tolerated(of_percent(29), {0, 0, 100}), 29u);
  EXPECT_EQ(tolerated(of_percent(100), {0, 0, 77}), 77u);
}

TEST(Threshold, WithFewerSamplesThanAskedForNothingActs) {
  EXPECT_FALSE(exceeded(of_percent(10, 10), {9, 9, 100}));
  FailureThreshold counted = of_count(0);
  counted.min_samples = 3;
  EXPECT_FALSE(exceeded(counted, {2, 2, 100}));
  EXPECT_TRUE(exceeded(counted, {2, 3, 100}));
}

TEST(Threshold, WithSamplesAPercentageIsOfThoseFinished) {
  EXPECT_EQ(tolerated(of_percent(10, 10), {0, 10, 1000}), 1u);
  EXPECT_EQ(exceeded(of_percent(10, 10), {2, 10, 1000}), "2 failed > 1 tolerated");
  EXPECT_FALSE(exceeded(of_percent(10, 10), {2, 20, 1000}));
}

TEST(Threshold, SaysByWhatItGroups) {
  FailureThreshold threshold = of_count(1);
  threshold.group_by = {"model", "backend"};
  EXPECT_EQ(exceeded(threshold, {2, 9, 10}), "2 groups of model, backend failed > 1 tolerated");
}

}  // namespace
}  // namespace studyctl
