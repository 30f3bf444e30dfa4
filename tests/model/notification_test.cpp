#include "model/notification.h"

#include <gtest/gtest.h>

#include "model/threshold.h"

namespace studyctl {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

std::vector<Occasion> occasions(Fact fact, std::string_view message_before = "started") {
  return occasions_of({1, Instant(), Steady(), std::move(fact)}, message_before);
}

TEST(Notification, EveryEndOfARunAndItsPauseAreOccasions) {
  EXPECT_EQ(occasions(RunStateChanged{RunState::Completed, ""}), std::vector{Occasion::Completed});
  EXPECT_EQ(occasions(RunStateChanged{RunState::CompletedWithFailures, "1 of 2 failed"}),
            std::vector{Occasion::CompletedWithFailures});
  EXPECT_EQ(occasions(RunStateChanged{RunState::Failed, "by a rule"}), std::vector{Occasion::Failed});
  EXPECT_EQ(occasions(RunStateChanged{RunState::Stopped, ""}), std::vector{Occasion::Stopped});
  EXPECT_EQ(occasions(RunStateChanged{RunState::Cancelled, ""}), std::vector{Occasion::Cancelled});
  EXPECT_EQ(occasions(RunStateChanged{RunState::Paused, "asked for"}), std::vector{Occasion::Paused});
}

TEST(Notification, WhatGoesOnIsNoOccasion) {
  for (const RunState state :
       {RunState::Pending, RunState::Running, RunState::Stopping, RunState::Cancelling})
    EXPECT_TRUE(occasions(RunStateChanged{state, "started"}).empty());
  EXPECT_TRUE(occasions(AttemptRunning{}).empty());
}

TEST(Notification, AnAttemptIsOneWhenItsRepetitionIsNotTriedAgain) {
  AttemptEnded end;
  end.verdict = Verdict::Failed;
  EXPECT_EQ(occasions(end), std::vector{Occasion::ExperimentFailed});
  for (const Verdict verdict :
       {Verdict::Retry, Verdict::Succeeded, Verdict::Infeasible, Verdict::Cancelled}) {
    end.verdict = verdict;
    EXPECT_TRUE(occasions(end).empty());
  }
}

TEST(Notification, AThresholdIsToldOnceHoweverOftenItMovesTheRun) {
  FailureThreshold threshold;
  threshold.max_failed = 5;
  const std::string words = *exceeded(threshold, {6, 6, 10});
  EXPECT_EQ(occasions(RunStateChanged{RunState::Stopping, words, RunState::Failed}),
            std::vector{Occasion::ThresholdExceeded});
  EXPECT_EQ(occasions(RunStateChanged{RunState::Failed, words}, words), std::vector{Occasion::Failed});
  EXPECT_EQ(occasions(RunStateChanged{RunState::Paused, words}),
            (std::vector{Occasion::ThresholdExceeded, Occasion::Paused}));
}

TEST(Notification, WhatAUserSaysIsNoThreshold) {
  EXPECT_EQ(occasions(RunStateChanged{RunState::Paused, "uid 1000: no more is tolerated"}),
            std::vector{Occasion::Paused});
}

TEST(Notification, TheWaitGrowsToItsMostAndTriesAreBounded) {
  Redelivery retry;
  retry.limit = 30;
  EXPECT_EQ(wait_before_next_try(retry, 1, 0.5), seconds(5));
  EXPECT_EQ(wait_before_next_try(retry, 2, 0.5), seconds(10));
  EXPECT_EQ(wait_before_next_try(retry, 5, 0.5), seconds(80));
  EXPECT_EQ(wait_before_next_try(retry, 30, 0.5), hours(1));
  EXPECT_EQ(wait_before_next_try(retry, 31, 0.5), std::nullopt);
}

TEST(Notification, TheWaitIsSpreadByAFifth) {
  EXPECT_EQ(wait_before_next_try({}, 1, 0), seconds(4));
  EXPECT_EQ(wait_before_next_try({}, 1, 1), seconds(6));
}

TEST(Notification, WhatTheReceiverAsksForIsWaitedForADayAtMost) {
  EXPECT_EQ(wait_before_next_try({}, 1, 0.5, seconds(90)), seconds(90));
  EXPECT_EQ(wait_before_next_try({}, 1, 0.5, seconds(1)), seconds(5));
  EXPECT_EQ(wait_before_next_try({}, 1, 0.5, hours(1000)), hours(24));
}

TEST(Notification, TheTriesOfTheDefaultGoOnForMostOfADay) {
  Duration sum{0};
  for (int tries = 1; const auto wait = wait_before_next_try({}, tries, 0.5); ++tries) sum += *wait;
  EXPECT_GT(sum, hours(20));
  EXPECT_LT(sum, hours(24));
}

TEST(Notification, WhereItGoesIsToldWithoutThePath) {
  EXPECT_EQ(origin_of("https://hooks.example.org:8443/T0/B0/secret?x=y"), "https://hooks.example.org:8443");
  EXPECT_EQ(origin_of("http://h?token=1"), "http://h");
  EXPECT_EQ(origin_of(""), "a secret URL");
}

}  // namespace
}  // namespace studyctl
