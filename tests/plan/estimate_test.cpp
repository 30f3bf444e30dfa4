#include "plan/estimate.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using namespace std::chrono_literals;

Study study_of(Order order, uint32_t cycles, int parallelism) {
  Study study;
  study.execution.order = order;
  study.execution.cycles = cycles;
  study.execution.parallelism = parallelism;
  study.execution.expected_duration = 10min;
  return study;
}

TEST(Estimate, IsRepetitionsTimesDurationByWhatRunsAtOnce) {
  EXPECT_EQ(estimate(study_of(Order::Sequential, 3, 1), 4).expected, 120min);
  EXPECT_EQ(estimate(study_of(Order::Sequential, 3, 5), 4).expected, 30min);
}

TEST(Estimate, WhatWasMeasuredReplacesWhatWasExpected) {
  Study study = study_of(Order::Sequential, 1, 1);
  study.execution.cooldown.experiment = 60s;
  const Estimate measured = estimate(study, 4, Experience{{4min, 6min}, 20});
  EXPECT_EQ(measured.expected, 7min);
  EXPECT_EQ(measured.p90, 9min);
  EXPECT_EQ(estimate_lines(measured)[0],
            "about 7m, nine times in ten under 9m, by 20 earlier repetitions, cooldowns of 3m included");
}

TEST(Estimate, IsUnknownWithoutADuration) {
  Study study = study_of(Order::Sequential, 1, 1);
  study.execution.expected_duration.reset();
  EXPECT_EQ(estimate(study, 4).expected, std::nullopt);
  EXPECT_EQ(estimate(study, 4).at_most, std::nullopt);
}

TEST(Estimate, CountsACooldownBetweenRepetitions) {
  Study study = study_of(Order::Sequential, 1, 1);
  study.execution.cooldown.experiment = 60s;
  EXPECT_EQ(estimate(study, 4).cooldowns, 3min);
  EXPECT_EQ(estimate(study, 4).expected, 43min);
  EXPECT_EQ(estimate(study, 1).cooldowns, 0min);
}

TEST(Estimate, BetweenCyclesTheLongerCooldownCounts) {
  Study study = study_of(Order::Interleaved, 3, 1);
  study.execution.cooldown = {60s, 5min};
  EXPECT_EQ(estimate(study, 4).cooldowns, 3 * 3min + 2 * 5min);
  study.execution.order = Order::Sequential;
  EXPECT_EQ(estimate(study, 4).cooldowns, 11min);
}

TEST(Estimate, ACooldownBetweenCyclesKeepsThemApart) {
  Study study = study_of(Order::Shuffled, 3, 4);
  EXPECT_EQ(estimate(study, 2).expected, 20min);
  study.execution.cooldown.cycle = 1s;
  EXPECT_EQ(estimate(study, 2).expected, 30min + 2s);
}

TEST(Estimate, TimeoutsAndRetriesGiveABound) {
  Study study = study_of(Order::Sequential, 1, 1);
  study.execution.timeouts.run = 60s;
  study.execution.timeouts.grace = 10s;
  EXPECT_EQ(estimate(study, 3).at_most, 210s);
  study.execution.retry.limit = 2;
  study.execution.retry.backoff = {10s, 2, 6min};
  study.execution.cooldown.experiment = 5s;
  EXPECT_EQ(estimate(study, 3).at_most, 3 * (210s + 10s + 20s + 10s) + 10s);
}

TEST(Estimate, CyclesThatRepeatUntilMayAddAreInTheBoundAlone) {
  Study study = study_of(Order::Interleaved, 5, 1);
  study.execution.timeouts.run = 1h;
  study.execution.timeouts.grace = 0s;
  study.execution.repeat_until = RepeatUntil{"ratio", 0.1, 20};
  const Estimate fewest = estimate(study, 4);
  EXPECT_EQ(fewest.expected, 200min);
  EXPECT_EQ(fewest.at_most, 80h);
  EXPECT_EQ(estimate_lines(fewest)[0], "at least about 3h 20m, at 10m a repetition");
}

TEST(Estimate, TheStudysTimeoutBoundsEverything) {
  Study study = study_of(Order::Sequential, 1, 1);
  study.execution.timeouts.study = 1h;
  study.execution.timeouts.grace = 0s;
  EXPECT_EQ(estimate(study, 100).at_most, 1h);
  study.execution.timeouts.run = 1min;
  EXPECT_EQ(estimate(study, 3).at_most, 3min);
}

TEST(Estimate, DoesNotOverflow) {
  Study study = study_of(Order::Interleaved, 4'000'000'000u, 1);
  study.execution.expected_duration = std::chrono::hours(24 * 36500);
  study.execution.timeouts.run = study.execution.expected_duration;
  study.execution.retry.limit = 2'000'000'000;
  const Estimate huge = estimate(study, 100'000'000);
  EXPECT_GT(*huge.expected, std::chrono::hours(24 * 36500));
  EXPECT_GE(*huge.at_most, *huge.expected);
}

TEST(EstimateLines, SayWhatTheEstimateIsMadeOf) {
  Study study = study_of(Order::Sequential, 1, 1);
  study.execution.cooldown.experiment = 60s;
  study.execution.timeouts.study = 2h;
  study.execution.timeouts.grace = 0s;
  EXPECT_EQ(estimate_lines(estimate(study, 4)),
            (std::vector<std::string>{"about 43m, at 10m a repetition, cooldowns of 3m included",
                                      "at most 2h, by its timeouts, retries and cooldowns"}));
  study.execution.expected_duration.reset();
  EXPECT_EQ(estimate_lines(estimate(study, 4))[0],
            "wall time unknown: spec.execution.expectedDuration is not set; cooldowns alone take 3m");
}

}  // namespace
}  // namespace studyctl
