#include "control/world.h"

namespace studyctl {
namespace {

// A queue that a test is.
struct FakeSeat : Seat {
  Leave ask(const Asks& asks) override {
    asked = asks;
    return leave;
  }
  void wake_by(std::function<void()>) override {}

  Leave leave{.may_start = false, .give_back = false, .why = "its turn behind nmr"};
  Asks asked;
};

struct SeatTest : World {
  SeatTest() { seat = &queue; }
  FakeSeat queue;
};

TEST_F(SeatTest, ARunIsPendingUntilItHasLeave) {
  begin();
  settle();
  EXPECT_EQ(run_state(), RunState::Pending);
  EXPECT_TRUE(engine.created.empty());
  EXPECT_EQ(controller->why_waiting(), "its turn behind nmr");
  EXPECT_TRUE(queue.asked.wants);
  queue.leave = {};
  settle();
  EXPECT_EQ(run_state(), RunState::Running);
  EXPECT_TRUE(queue.asked.holds);
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(SeatTest, WhatRunsIsFinishedBeforeItMakesRoom) {
  queue.leave = {};
  begin();
  settle();
  queue.leave = {false, false, "urgent, whose priority is 9"};
  settle();
  EXPECT_EQ(run_state(), RunState::Running);
  EXPECT_TRUE(engine.stopped.empty());
  exit("e0-c1-a1", 0);
  EXPECT_EQ(run_state(), RunState::Pending);
  EXPECT_EQ(ledger().run_message(), "waits for urgent, whose priority is 9");
  EXPECT_FALSE(queue.asked.holds);
  EXPECT_TRUE(queue.asked.wants);
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
  queue.leave = {};
  settle();
  EXPECT_EQ(running(), std::vector<std::string>{"e1-c1-a1"});
}

TEST_F(SeatTest, WhatIsGivenBackIsTriedAgainAndCountsForNothing) {
  queue.leave = {};
  begin();
  settle();
  queue.leave = {false, true, "urgent, whose priority is 9"};
  settle();
  ASSERT_EQ(engine.stopped.size(), 1u);
  exit_all(143);
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Interrupted);
  EXPECT_EQ(run_state(), RunState::Pending);
  EXPECT_EQ(state(0), RepetitionState::Waiting);
  queue.leave = {};
  pass(std::chrono::minutes(1));
  exit_all(0);
  pass(std::chrono::minutes(1));
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(SeatTest, ARunThatWaitsCanBePausedResumedAndCancelled) {
  begin();
  settle();
  EXPECT_EQ(*ask(Command::Kind::Resume), "it waits for its turn already");
  EXPECT_TRUE(ask(Command::Kind::Pause));
  settle();
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_FALSE(queue.asked.wants);
  EXPECT_FALSE(controller->finished());
  EXPECT_TRUE(ask(Command::Kind::Resume));
  settle();
  EXPECT_EQ(run_state(), RunState::Pending);
  EXPECT_TRUE(ask(Command::Kind::Cancel));
  settle();
  EXPECT_EQ(run_state(), RunState::Cancelled);
}

TEST_F(SeatTest, ARunThatPausedByItselfKeepsItsController) {
  study.execution.threshold = FailureThreshold{};
  study.execution.threshold->action = FailureThreshold::Action::Pause;
  study.execution.threshold->max_failed = 0;
  queue.leave = {};
  begin();
  settle();
  exit("e0-c1-a1", 1);
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_FALSE(controller->finished());
}

TEST_F(SeatTest, ARunThatWasOnGoesOnAfterACrash) {
  queue.leave = {};
  begin();
  settle();
  is_relay = true;
  begin_again();
  EXPECT_EQ(run_state(), RunState::Running);
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

}  // namespace
}  // namespace studyctl
