#include "control/eta.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using namespace std::chrono_literals;

TEST(EtaTest, WhatWaitsIsSharedOutOverThePlaces) {
  Remaining remaining;
  remaining.waiting = 6;
  remaining.average = 4s;
  remaining.places = 3;
  EXPECT_EQ(estimate_remaining(remaining), 8s);
}

TEST(EtaTest, WhatRunsCountsByWhatItTellsOfItsProgress) {
  Remaining remaining;
  remaining.average = 10s;
  remaining.running = {{6s, std::nullopt}, {10s, 0.5}};
  remaining.places = 2;
  EXPECT_EQ(estimate_remaining(remaining), 10s);
}

TEST(EtaTest, CooldownsBetweenAttemptsAndCyclesAreAdded) {
  Remaining remaining;
  remaining.waiting = 4;
  remaining.average = 2s;
  remaining.cooldown = 1s;
  remaining.pauses = 30s;
  EXPECT_EQ(estimate_remaining(remaining), 8s + 4s + 30s);
}

TEST(EtaTest, RetriesAreExpectedAsOftenAsTheyCameSoFar) {
  Remaining remaining;
  remaining.waiting = 4;
  remaining.average = 2s;
  remaining.retries_per_attempt = 0.5;
  EXPECT_EQ(estimate_remaining(remaining), 12s);
}

}  // namespace
}  // namespace studyctl
