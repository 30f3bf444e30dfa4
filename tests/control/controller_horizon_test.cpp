#include "control/world.h"

namespace studyctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct HorizonTest : World {
  HorizonTest() { study.execution.timeouts.grace = seconds(10); }
  void ends_in(Duration time) { engine.ends = Horizon{clock.steady() + time, "Slurm job 12"}; }
};

TEST_F(HorizonTest, NothingStartsThatItsTimeoutSaysCannotEndInTime) {
  study.execution.timeouts.run = minutes(5);
  ends_in(minutes(5));
  begin();
  settle();
  EXPECT_EQ(controller->ledger().run_state(), RunState::Stopped);
  EXPECT_EQ(
      controller->ledger().run_message(),
      "Slurm job 12 ends in 5m, and the next experiment may take 5m (timeouts.run): apply in the next one "
      "to go on");
  EXPECT_EQ(state(0), RepetitionState::Waiting);
}

TEST_F(HorizonTest, WhatMayEndInTimeStarts) {
  study.execution.timeouts.run = minutes(5);
  ends_in(minutes(5) + seconds(20));
  begin();
  settle();
  EXPECT_EQ(state(0), RepetitionState::Running);
}

TEST_F(HorizonTest, WhatIsCutOffWaitsForTheNextOneAndDoesNotCount) {
  experiments = 1;
  ends_in(minutes(5));
  begin();
  pass(minutes(4) + seconds(44));
  EXPECT_EQ(state(0), RepetitionState::Running);
  pass(seconds(2));
  EXPECT_EQ(engine.stopped, std::vector<AttemptId>{{"e0-c1-a1"}});
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Interrupted);
  EXPECT_FALSE(ended("e0-c1-a1").counted);
  EXPECT_EQ(state(0), RepetitionState::Waiting);
  EXPECT_EQ(controller->ledger().run_state(), RunState::Stopped);
  EXPECT_EQ(controller->ledger().run_message(), "Slurm job 12 ends: apply in the next one to go on");

  ends_in(minutes(60));
  begin_again();
  EXPECT_EQ(state(0), RepetitionState::Running);
  engine.exit({"e0-c1-a2"}, 0);
  settle();
  EXPECT_EQ(controller->ledger().run_state(), RunState::Completed);
}

TEST_F(HorizonTest, WhatNineOfTenTookCountsWhereItIsShorterThanTheTimeout) {
  experiments = 12;
  study.execution.timeouts.run = minutes(30);
  begin();
  for (int i = 0; i < 10; ++i) {
    settle();
    clock.advance(seconds(20));
    engine.exit({"e" + std::to_string(i) + "-c1-a1"}, 0);
    settle();
    if (i == 8) ends_in(minutes(31));
  }
  ends_in(minutes(1));
  EXPECT_EQ(state(10), RepetitionState::Running);
  clock.advance(seconds(30));
  engine.exit({"e10-c1-a1"}, 0);
  settle();
  EXPECT_EQ(state(11), RepetitionState::Waiting);
  EXPECT_EQ(controller->ledger().run_state(), RunState::Stopped);
}

}  // namespace
}  // namespace studyctl
