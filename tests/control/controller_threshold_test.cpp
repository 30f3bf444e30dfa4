#include "control/world.h"

namespace studyctl {
namespace {

using Action = FailureThreshold::Action;

struct ThresholdTest : World {
  FailureThreshold& threshold(Action action) {
    study.execution.threshold.emplace();
    study.execution.threshold->action = action;
    return *study.execution.threshold;
  }
  // The next `count` attempts end with `code`.
  void ends(int count, int code) {
    settle();
    for (int i = 0; i < count; ++i) {
      ASSERT_FALSE(engine.running().empty());
      exit(running().front(), code);
    }
  }
};

TEST_F(ThresholdTest, PausesAtTheSixthFailureWhenFiveAreTolerated) {
  experiments = 20;
  threshold(Action::Pause).max_failed = 5;
  begin();
  ends(5, 1);
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_EQ(ledger().run_message(), "6 failed > 5 tolerated");
  EXPECT_TRUE(controller->finished());
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(ThresholdTest, APauseLetsWhatRunsFinishAndThenEndsTheController) {
  experiments = 20;
  study.execution.parallelism = 3;
  threshold(Action::Pause).max_failed = 0;
  begin();
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_EQ(running().size(), 2u);
  EXPECT_FALSE(controller->finished());
  EXPECT_TRUE(engine.stopped.empty());
  exit_all(0);
  EXPECT_TRUE(controller->finished());
  EXPECT_EQ(ledger().count(RepetitionState::Succeeded), 2u);
  EXPECT_EQ(ledger().count(RepetitionState::Waiting), 17u);
}

TEST_F(ThresholdTest, APauseWithNothingLeftToStartIsTheEnd) {
  experiments = 4;
  study.execution.parallelism = 4;
  threshold(Action::Pause).max_failed = 2;
  begin();
  exit_all(1);
  EXPECT_EQ(run_state(), RunState::Failed);
  EXPECT_EQ(ledger().run_message(), "4 failed > 2 tolerated");
}

TEST_F(ThresholdTest, AStopLetsWhatRunsFinishAndFailsTheRun) {
  experiments = 20;
  study.execution.parallelism = 2;
  threshold(Action::Stop).max_failed = 0;
  begin();
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Stopping);
  EXPECT_TRUE(engine.stopped.empty());
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Failed);
  EXPECT_EQ(ledger().run_message(), "1 failed > 0 tolerated");
  EXPECT_EQ(ledger().count(RepetitionState::Waiting), 18u);
}

TEST_F(ThresholdTest, ACancelEndsWhatRunsAndFailsTheRun) {
  experiments = 20;
  study.execution.parallelism = 3;
  threshold(Action::Cancel).max_failed = 0;
  begin();
  ends(1, 1);
  EXPECT_EQ(engine.stopped.size(), 2u);
  EXPECT_EQ(run_state(), RunState::Failed);
  EXPECT_EQ(ledger().count(RepetitionState::Cancelled), 2u);
  EXPECT_EQ(ended("e1-c1-a1").reason, Reason::Cancelled);
}

TEST_F(ThresholdTest, APercentageIsOfThePlansRepetitions) {
  experiments = 10;
  study.execution.cycles = 3;
  threshold(Action::Stop).max_failed_percent = 10;
  begin();
  ends(3, 1);
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 1);
  EXPECT_EQ(ledger().run_message(), "4 failed > 3 tolerated");
}

TEST_F(ThresholdTest, GroupsAreCountedOnceHoweverManyOfThemFail) {
  experiments = 20;
  group_of = [](uint64_t index) { return index < 10 ? "water" : index < 15 ? "benzene" : "phenol"; };
  groups = 3;
  FailureThreshold& grouped = threshold(Action::Stop);
  grouped.max_failed = 1;
  grouped.group_by = {"molecule"};
  begin();
  ends(10, 1);
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 1);
  EXPECT_EQ(ledger().run_message(), "2 groups of molecule failed > 1 tolerated");
  EXPECT_EQ(run_state(), RunState::Failed);
}

TEST_F(ThresholdTest, APercentageOfGroupsIsOfTheGroupsOfThePlan) {
  experiments = 20;
  group_of = [](uint64_t index) { return std::to_string(index % 10); };
  groups = 10;
  FailureThreshold& grouped = threshold(Action::Stop);
  grouped.max_failed_percent = 20;
  grouped.group_by = {"molecule"};
  begin();
  ends(2, 1);
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 1);
  EXPECT_EQ(ledger().run_message(), "3 groups of molecule failed > 2 tolerated");
}

TEST_F(ThresholdTest, WithSamplesAPercentageOfGroupsIsOfThoseSeen) {
  experiments = 40;
  group_of = [](uint64_t index) { return std::to_string(index); };
  groups = 40;
  FailureThreshold& grouped = threshold(Action::Stop);
  grouped.max_failed_percent = 50;
  grouped.group_by = {"molecule"};
  grouped.min_samples = 4;
  begin();
  ends(3, 1);
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 0);
  EXPECT_EQ(ledger().run_message(), "3 groups of molecule failed > 2 tolerated");
}

TEST_F(ThresholdTest, FewerSamplesThanAskedForNeverAct) {
  experiments = 20;
  FailureThreshold& sampled = threshold(Action::Stop);
  sampled.max_failed_percent = 10;
  sampled.min_samples = 10;
  begin();
  ends(1, 1);
  ends(8, 0);
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 0);
  EXPECT_EQ(run_state(), RunState::Running);  // 1 of 10 is tolerated
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Failed);
}

TEST_F(ThresholdTest, ARetryThatSucceedsDoesNotCount) {
  experiments = 3;
  study.execution.retry.limit = 1;
  threshold(Action::Stop).max_failed = 0;
  begin();
  for (int i = 0; i < 3; ++i) ends(1, 1);
  pass(std::chrono::minutes(1));
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(ThresholdTest, AnInfeasibleRepetitionDoesNotCount) {
  RetryRule rule;
  rule.exit_codes = {78};
  rule.action = RetryAction::Infeasible;
  study.execution.retry.rules = {rule};
  threshold(Action::Stop).max_failed = 0;
  begin();
  exit_all(78);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(ledger().count(RepetitionState::Infeasible), 3u);
}

TEST_F(ThresholdTest, AfterAResumeAsManyMoreAreTolerated) {
  experiments = 20;
  study.execution.parallelism = 2;
  threshold(Action::Pause).max_failed = 1;
  begin();
  ends(2, 1);
  ASSERT_EQ(run_state(), RunState::Paused);
  ASSERT_FALSE(controller->finished());  // one still runs
  EXPECT_TRUE(ask(Command::Kind::Resume));
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Paused);
}

TEST_F(ThresholdTest, ApplyingAgainAfterAPauseCountsFromThere) {
  experiments = 20;
  group_of = [](uint64_t index) { return std::to_string(index); };
  groups = 20;
  threshold(Action::Pause).max_failed = 1;
  begin();
  ends(2, 1);
  ASSERT_TRUE(controller->finished());
  begin_again();
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Running);
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Paused);
}

TEST_F(ThresholdTest, ACrashForgetsNoFailureAndNoGroup) {
  experiments = 20;
  group_of = [](uint64_t index) { return std::to_string(index % 10); };
  groups = 10;
  FailureThreshold& grouped = threshold(Action::Stop);
  grouped.max_failed = 2;
  grouped.group_by = {"molecule"};
  begin();
  ends(2, 1);
  begin_again();
  ends(1, 1);
  EXPECT_EQ(run_state(), RunState::Failed);
}

TEST_F(ThresholdTest, AStopThatTheThresholdDecidedIsStillAFailureAfterACrash) {
  study.execution.parallelism = 2;
  threshold(Action::Stop).max_failed = 0;
  begin();
  ends(1, 1);
  ASSERT_EQ(run_state(), RunState::Stopping);
  begin_again();
  EXPECT_EQ(run_state(), RunState::Stopping);
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Failed);
  EXPECT_EQ(state(2), RepetitionState::Waiting);
}

TEST_F(ThresholdTest, ARetryOfARunThatTheThresholdFailedGoesOn) {
  experiments = 4;
  threshold(Action::Stop).max_failed = 0;
  begin();
  ends(1, 1);
  ASSERT_EQ(run_state(), RunState::Failed);
  crash();
  begin();
  EXPECT_TRUE(ask(Command::Kind::Retry));
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

}  // namespace
}  // namespace studyctl
