#include "control/deadlines.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Steady kBegan{std::chrono::hours(10)};

ActiveAttempt running() {
  ActiveAttempt attempt;
  attempt.stage = ActiveAttempt::Stage::Running;
  attempt.intended_at = kBegan - minutes(5);
  attempt.running_since = kBegan;
  return attempt;
}
ActiveAttempt pending() {
  ActiveAttempt attempt;
  attempt.intended_at = kBegan;
  return attempt;
}

Timeouts of_run(Duration limit) {
  Timeouts timeouts;
  timeouts.run = limit;
  return timeouts;
}

TEST(Deadlines, WithoutTimeoutsNothingExpires) {
  EXPECT_FALSE(expired({}, running(), {kBegan}, kBegan + std::chrono::years(10)));
  EXPECT_FALSE(next_deadline({}, running(), {kBegan}));
  EXPECT_FALSE(next_deadline({}, pending(), {kBegan}));
}

TEST(Deadlines, ARunIsTimedFromItsStartNotFromItsIntent) {
  const Timeouts timeouts = of_run(minutes(45));
  EXPECT_FALSE(expired(timeouts, running(), {kBegan}, kBegan + minutes(45) - Duration(1)));
  const auto over = expired(timeouts, running(), {kBegan}, kBegan + minutes(45));
  ASSERT_TRUE(over);
  EXPECT_EQ(over->reason, Reason::Timeout);
  EXPECT_EQ(over->message, "ran longer than 45m");
  EXPECT_EQ(next_deadline(timeouts, running(), {kBegan}), kBegan + minutes(45));
}

TEST(Deadlines, WhatHasNotStartedIsTimedByPendingAlone) {
  Timeouts timeouts = of_run(seconds(1));
  timeouts.pending = minutes(30);
  ActiveAttempt attempt = pending();
  EXPECT_FALSE(expired(timeouts, attempt, {kBegan}, kBegan + minutes(29)));
  EXPECT_EQ(expired(timeouts, attempt, {kBegan}, kBegan + minutes(30))->reason, Reason::PendingTimeout);
  EXPECT_FALSE(expired(timeouts, attempt, {kBegan, kBegan + minutes(20)}, kBegan + minutes(49)));
  EXPECT_EQ(next_deadline(timeouts, attempt, {kBegan, kBegan + minutes(20)}), kBegan + minutes(50));
  attempt.stage = ActiveAttempt::Stage::Starting;
  EXPECT_EQ(expired(timeouts, attempt, {kBegan}, kBegan + minutes(30))->message, "did not start within 30m");
}

TEST(Deadlines, PendingEndsWithTheStart) {
  Timeouts timeouts;
  timeouts.pending = minutes(5);
  EXPECT_FALSE(expired(timeouts, running(), {kBegan}, kBegan + minutes(30)));
}

TEST(Deadlines, ASignOfLifePutsOffTheStall) {
  Timeouts timeouts;
  timeouts.stalled = Stall{minutes(10), {}};
  EXPECT_EQ(expired(timeouts, running(), {kBegan}, kBegan + minutes(10))->reason, Reason::Stalled);
  const Steady sign = kBegan + minutes(9);
  EXPECT_FALSE(expired(timeouts, running(), {sign}, kBegan + minutes(18)));
  EXPECT_EQ(expired(timeouts, running(), {sign}, kBegan + minutes(19))->message, "wrote nothing for 10m");
}

TEST(Deadlines, TheStallBeginsAfterItsInitialDelay) {
  Timeouts timeouts;
  timeouts.stalled = Stall{minutes(10), minutes(40)};
  EXPECT_FALSE(expired(timeouts, running(), {kBegan}, kBegan + minutes(49)));
  EXPECT_TRUE(expired(timeouts, running(), {kBegan}, kBegan + minutes(50)));
  EXPECT_EQ(next_deadline(timeouts, running(), {kBegan + minutes(41)}), kBegan + minutes(51));
}

TEST(Deadlines, TheEarliestIsTheNext) {
  Timeouts timeouts = of_run(minutes(45));
  timeouts.stalled = Stall{minutes(10), {}};
  EXPECT_EQ(next_deadline(timeouts, running(), {kBegan + minutes(5)}), kBegan + minutes(15));
  EXPECT_EQ(next_deadline(timeouts, running(), {kBegan + minutes(40)}), kBegan + minutes(45));
}

TEST(Deadlines, WhatIsBeingStoppedHasNone) {
  ActiveAttempt attempt = running();
  attempt.stopping = Reason::Cancelled;
  EXPECT_FALSE(expired(of_run(seconds(1)), attempt, {kBegan}, kBegan + minutes(1)));
  EXPECT_FALSE(next_deadline(of_run(seconds(1)), attempt, {kBegan}));
}

}  // namespace
}  // namespace studyctl
