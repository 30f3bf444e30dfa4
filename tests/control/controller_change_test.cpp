#include "control/world.h"

// Plans that change, and repetitions that are added, skipped and ended by name.
namespace studyctl {
namespace {

struct ChangeTest : World {
  // What apply records while no controller folds the journal.
  void take_up(std::vector<Fact> facts) {
    crash();
    uint64_t seq = journal.events().size();
    for (Fact& fact : facts) journal.append({++seq, clock.now(), {}, std::move(fact)});
    ASSERT_TRUE(journal.commit());
  }
};

TEST_F(ChangeTest, WhatRunsOfADroppedExperimentFinishesAndIsNotRetried) {
  study.execution.parallelism = 2;
  study.execution.retry.limit = 3;
  begin();
  settle();
  ASSERT_EQ(running().size(), 2u);
  take_up({GenerationOpened{2, 1, 1}, ExperimentCarried{1, 0, 0, 1}});
  experiments = 1;
  begin();
  settle();
  EXPECT_EQ(running().size(), 2u);
  exit("e1-c1-a1", 1);
  EXPECT_EQ(ended("e1-c1-a1").verdict, Verdict::Failed);
  EXPECT_EQ(run_state(), RunState::Running);
  exit("e0-c1-a1", 0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(ledger().count(RepetitionState::Succeeded), 1u);
  EXPECT_EQ(ledger().count(RepetitionState::Failed), 0u);
}

TEST_F(ChangeTest, MoreCyclesStartWithoutRestartingWhatRuns) {
  begin();
  settle();
  take_up({CyclesChanged{2}});
  study.execution.cycles = 2;
  begin();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(ledger().count(RepetitionState::Succeeded), 6u);
  EXPECT_EQ(journal.intended().size(), 6u);
}

TEST_F(ChangeTest, ARelayLeavesAPausedRunPaused) {
  begin();
  settle();
  ASSERT_TRUE(ask(Command::Kind::Pause));
  exit_all(0);
  is_relay = true;
  begin_again();
  EXPECT_EQ(run_state(), RunState::Paused);
  is_relay = false;
  begin_again();
  EXPECT_EQ(run_state(), RunState::Running);
}

TEST_F(ChangeTest, ExperimentsAreRepeatedUntilTheirMetricIsCertain) {
  experiments = 2;
  study.execution.cycles = 2;
  study.execution.order = Order::Interleaved;
  study.execution.repeat_until = RepeatUntil{"latency", 0.10, 8};
  workspace.findings_of = [](const AttemptKey& key, const Workspace::Question&) {
    Findings findings;
    const double noise = key.repetition.index == 0 ? 0 : key.repetition.cycle % 2;
    findings.metrics = {{"latency", 10 + noise * 20, "ms"}};
    return findings;
  };
  begin();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(ledger().cycles_of(0), 5u);
  EXPECT_EQ(ledger().cycles_of(1), 8u);
  EXPECT_EQ(ledger().count(RepetitionState::Succeeded), 13u);
}

TEST_F(ChangeTest, AnotherControllerKnowsWhatTheMetricCameToBefore) {
  experiments = 1;
  study.execution.cycles = 5;
  study.execution.repeat_until = RepeatUntil{"latency", 0.10, 8};
  measured = [](const auto& visit) {
    for (int i = 0; i < 5; ++i) visit(0, 10.0);
  };
  begin();
  for (int i = 0; i < 4; ++i) {
    settle();
    engine.exit(engine.running().front(), 0);
    settle();
  }
  begin_again();
  exit_all(0);
  EXPECT_EQ(ledger().cycles_of(0), 5u);
}

TEST_F(ChangeTest, AFailedCycleDoesNotEndTheRepeating) {
  experiments = 1;
  study.execution.cycles = 5;
  study.execution.repeat_until = RepeatUntil{"latency", 0.10, 7};
  begin();
  exit_all(1);
  EXPECT_EQ(ledger().cycles_of(0), 7u);
}

TEST_F(ChangeTest, ARunStopsWhenItsBudgetIsSpentAndWhatRunsFinishes) {
  study.execution.parallelism = 2;
  study.execution.budget = Budget{1.5};
  engine.devices = {"GPU 0"};
  experiments = 6;
  begin();
  settle();
  pass(std::chrono::minutes(40));
  exit("e0-c1-a1", 0);
  EXPECT_EQ(run_state(), RunState::Running);
  pass(std::chrono::minutes(10));
  exit("e1-c1-a1", 0);
  EXPECT_EQ(run_state(), RunState::Stopping);
  EXPECT_EQ(ledger().run_message(), "the budget of 1.5 GPU-hours is spent: apply with a larger one to go on");
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Stopped);
}

TEST_F(ChangeTest, SkippedRepetitionsDoNotRunUntilTheyAreRetried) {
  begin();
  settle();
  Command skip{Command::Kind::Skip, "ann", {}, {{1, 1, 1}, {1, 0, 1}}};
  skip.why = "its input is broken";
  const auto said = ask(skip);
  ASSERT_TRUE(said);
  EXPECT_EQ(*said, "1 will not run");
  exit("e0-c1-a1", 0);
  ASSERT_EQ(running(), std::vector<std::string>{"e2-c1-a1"});
  ASSERT_TRUE(ask(Command{Command::Kind::Retry, "ann", {}, {{1, 1, 1}}}));
  exit_all(0);
  EXPECT_EQ(ledger().count(RepetitionState::Succeeded), 3u);
}

TEST_F(ChangeTest, CancellingSomeEndsThemAloneAndTheRunGoesOn) {
  study.execution.parallelism = 2;
  begin();
  settle();
  const auto said = ask(Command{Command::Kind::Cancel, "ann", Duration(0), {{1, 0, 1}, {1, 2, 1}}});
  ASSERT_TRUE(said);
  EXPECT_EQ(*said, "1 are told to end, 1 that wait will not run");
  settle();
  EXPECT_EQ(state(0), RepetitionState::Cancelled);
  EXPECT_EQ(state(2), RepetitionState::Skipped);
  EXPECT_EQ(run_state(), RunState::Running);
  exit_all(0);
  EXPECT_EQ(state(1), RepetitionState::Succeeded);
}

}  // namespace
}  // namespace studyctl
