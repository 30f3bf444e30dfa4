#include "control/world.h"

namespace studyctl {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct TimeoutTest : World {
  Timeouts& timeouts() { return study.execution.timeouts; }
};

TEST_F(TimeoutTest, ARunThatTakesTooLongIsStoppedWithGraceAndSaysSo) {
  timeouts().run = minutes(45);
  timeouts().grace = seconds(30);
  begin();
  pass(minutes(45) - seconds(1));
  EXPECT_TRUE(engine.stopped.empty());
  pass(seconds(1));
  EXPECT_EQ(engine.stopped, std::vector<AttemptId>{{"e0-c1-a1"}});
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Timeout);
  EXPECT_EQ(ended("e0-c1-a1").message, "ran longer than 45m");
  EXPECT_EQ(state(0), RepetitionState::Failed);
}

TEST_F(TimeoutTest, ATimeoutIsGivenTheGraceOfTheStudy) {
  timeouts().run = minutes(45);
  timeouts().grace = seconds(30);
  begin();
  settle();
  clock.advance(minutes(45));
  turn();
  EXPECT_EQ(engine.find({"e0-c1-a1"})->grace, seconds(30));
}

TEST_F(TimeoutTest, TheEngineIsToldItWhenTheAttemptIsMade) {
  timeouts().run = minutes(45);
  begin();
  settle();
  EXPECT_EQ(engine.find({"e0-c1-a1"})->run_timeout, minutes(45));
}

TEST_F(TimeoutTest, NothingIsBegunAndNoWaitCountsWhileTheEngineTakesNothing) {
  timeouts().pending = minutes(30);
  experiments = 2;
  begin();
  turn();
  engine.tell();
  turn();
  ASSERT_EQ(state(0), RepetitionState::Starting);
  engine.takes_nothing = "the cluster: nobody knows us";
  clock.advance(minutes(50));
  turn();
  clock.advance(minutes(50));
  turn();
  EXPECT_TRUE(engine.stopped.empty());
  EXPECT_EQ(controller->trouble(), "the cluster: nobody knows us");
  settle();
  exit("e0-c1-a1", 0);
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
  EXPECT_EQ(state(1), RepetitionState::Waiting);
  engine.takes_nothing.clear();
  settle();
  exit("e1-c1-a1", 0);
  EXPECT_EQ(state(1), RepetitionState::Succeeded);
}

TEST_F(TimeoutTest, AJumpOfTheWallClockIsNoTimeout) {
  timeouts().run = minutes(45);
  timeouts().pending = minutes(30);
  timeouts().study = hours(48);
  begin();
  settle();
  clock.jump(hours(1000));
  pass(minutes(1));
  clock.jump(-hours(3000));
  pass(minutes(1));
  EXPECT_TRUE(engine.stopped.empty());
}

TEST_F(TimeoutTest, WhatEndedByItselfIsNoTimeout) {
  timeouts().run = minutes(45);
  begin();
  pass(minutes(44));
  engine.exit({"e0-c1-a1"}, 0);
  engine.tell();
  clock.advance(minutes(2));
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Completed);
}

TEST_F(TimeoutTest, WhatPullsForTooLongIsPendingTimeout) {
  timeouts().pending = minutes(30);
  begin();
  until_created();
  clock.advance(minutes(30));
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::PendingTimeout);
  EXPECT_EQ(ended("e0-c1-a1").duration, seconds(0));
}

TEST_F(TimeoutTest, WhatWritesNothingIsStalled) {
  timeouts().stalled = Stall{minutes(10), {}};
  begin();
  pass(minutes(11));
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Stalled);
  EXPECT_EQ(ended("e0-c1-a1").message, "wrote nothing for 10m");
}

TEST_F(TimeoutTest, WhatWritesIsNotStalled) {
  timeouts().stalled = Stall{minutes(10), {}};
  workspace.sign_of = [this](const AttemptKey&) {
    // Writes every nine minutes.
    const auto since = clock.steady().time_since_epoch() % minutes(9);
    return Sign{since < seconds(3), {}, ""};
  };
  begin();
  pass(hours(2));
  EXPECT_TRUE(engine.stopped.empty());
}

TEST_F(TimeoutTest, TheInitialDelayHoldsTheStallBack) {
  timeouts().stalled = Stall{minutes(10), minutes(40)};
  begin();
  pass(minutes(49));
  EXPECT_TRUE(engine.stopped.empty());
  pass(minutes(2));
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Stalled);
}

TEST_F(TimeoutTest, AStudyThatTakesTooLongIsCancelledAndFails) {
  timeouts().study = hours(48);
  study.execution.parallelism = 2;
  begin();
  pass(hours(48));
  EXPECT_EQ(run_state(), RunState::Failed);
  EXPECT_EQ(ledger().run_message(), "the study ran longer than 2d");
  EXPECT_EQ(ledger().count(RepetitionState::Cancelled), 2u);
  EXPECT_EQ(state(2), RepetitionState::Waiting);
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(TimeoutTest, TheTimeOfAStudyGoesOnOverACrash) {
  timeouts().study = hours(48);
  begin();
  pass(hours(47));
  begin_again();
  EXPECT_EQ(run_state(), RunState::Running);
  pass(hours(1));
  EXPECT_EQ(run_state(), RunState::Failed);
}

TEST_F(TimeoutTest, TheTimeOfAStudyEndsAlsoAStopThatDrains) {
  timeouts().study = hours(48);
  begin();
  settle();
  EXPECT_TRUE(ask(Command::Kind::Stop));
  pass(hours(48));
  EXPECT_EQ(run_state(), RunState::Failed);
}

TEST_F(TimeoutTest, TheTimeOfAStudyEndsAlsoAPauseThatDrainsAndNoOther) {
  timeouts().study = hours(48);
  begin();
  settle();
  EXPECT_TRUE(ask(Command::Kind::Pause));
  exit("e0-c1-a1", 0);
  pass(hours(100));
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_TRUE(ask(Command::Kind::Resume));
  settle();
  EXPECT_TRUE(ask(Command::Kind::Pause));
  pass(hours(48));
  EXPECT_EQ(run_state(), RunState::Failed);
}

TEST_F(TimeoutTest, AStopThatWasDecidedBeforeACrashKeepsItsReason) {
  timeouts().run = minutes(45);
  begin();
  settle();
  clock.advance(minutes(45));
  turn();  // committed and said; the answer is never heard
  ASSERT_EQ(journal.all<AttemptStopping>().size(), 1u);
  crash();
  engine.exit({"e0-c1-a1"}, 0);  // it ended well meanwhile, but too late
  begin();
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Timeout);
}

TEST_F(TimeoutTest, AStopThatACrashCutOffIsSaidAgain) {
  timeouts().run = minutes(45);
  begin();
  settle();
  clock.advance(minutes(45));
  turn();
  ASSERT_EQ(engine.stopped.size(), 1u);
  begin_again();
  EXPECT_EQ(engine.stopped.size(), 2u);
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Timeout);
}

TEST_F(TimeoutTest, TheTimeOfARunGoesOnOverACrash) {
  timeouts().run = minutes(45);
  begin();
  pass(minutes(40));
  crash();
  clock.advance(minutes(4));
  begin();
  settle();
  EXPECT_EQ(engine.stopped.size(), 0u);
  pass(minutes(1));
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Timeout);
}

TEST_F(TimeoutTest, ATimeoutIsRetriedByTheLimit) {
  timeouts().run = minutes(45);
  study.execution.retry.limit = 1;
  experiments = 1;
  begin();
  pass(minutes(46));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
}

}  // namespace
}  // namespace studyctl
