#include "control/world.h"

namespace studyctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct RecoveryTest : World {
  void expect_all_succeed_in(size_t starts) {
    exit_all(0);
    EXPECT_EQ(run_state(), RunState::Completed);
    EXPECT_EQ(engine.started.size(), starts);
    size_t succeeded = 0;
    for (const auto& [key, end] : journal.ended()) succeeded += end.verdict == Verdict::Succeeded ? 1 : 0;
    EXPECT_EQ(succeeded, 3u);
    EXPECT_TRUE(engine.containers().empty());
  }
};

TEST_F(RecoveryTest, NothingNewStartsBeforeTheEngineHasAnswered) {
  study.execution.parallelism = 3;
  begin();
  turn();
  turn();
  EXPECT_TRUE(controller->recovering());
  EXPECT_TRUE(engine.created.empty());
  settle();
  EXPECT_FALSE(controller->recovering());
  EXPECT_EQ(running().size(), 3u);
}

TEST_F(RecoveryTest, AnEngineThatDoesNotAnswerIsAskedAgain) {
  engine.failing_resyncs = 3;
  begin();
  settle();
  EXPECT_TRUE(controller->recovering());
  EXPECT_TRUE(engine.created.empty());
  pass(seconds(5));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
}

TEST_F(RecoveryTest, NoTimeoutActsOnWhatTheEngineHasNotShownYet) {
  study.execution.timeouts.run = minutes(45);
  begin();
  settle();
  crash();
  clock.advance(minutes(50));
  engine.failing_resyncs = 1;
  begin();
  turn();
  engine.tell();
  turn();
  EXPECT_TRUE(engine.stopped.empty());
  EXPECT_GT(controller->next_turn(), clock.steady());
  pass(seconds(2));
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Timeout);
}

TEST_F(RecoveryTest, AnIntentThatWasNotCommittedNeverWas) {
  begin();
  turn();
  engine.tell();
  journal.set_disk(MemoryJournal::Disk::Full);
  turn();
  crash();
  journal.set_disk(MemoryJournal::Disk::Fine);
  EXPECT_TRUE(journal.intended().empty());
  begin();
  settle();
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
}

TEST_F(RecoveryTest, AnAttemptThatWasIntendedAndNotMadeIsMade) {
  begin();
  until_created();
  begin_again();  // the pull ended with the controller
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, AContainerThatWasMadeAndNotMeantToStartIsStarted) {
  begin();
  until_created();
  engine.happen();
  begin_again();
  EXPECT_EQ(engine.created.size(), 1u);
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, AStartThatWasCutBetweenIntentAndAnswerIsInterruptedAndANewAttemptFollows) {
  begin();
  until_started();
  crash();
  begin();
  turn();
  engine.tell();  // it is still only created
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Interrupted);
  EXPECT_FALSE(ended("e0-c1-a1").counted);
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
  expect_all_succeed_in(4);
}

TEST_F(RecoveryTest, AStartThatArrivedAfterTheCrashIsAdopted) {
  begin();
  until_started();
  crash();
  engine.happen();  // it was on its way
  begin();
  settle();
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
  EXPECT_EQ(ledger().active({1, 0, 1})->stage, ActiveAttempt::Stage::Running);
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, AContainerThatRunsIsAdopted) {
  begin();
  settle();
  begin_again();
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, ASecretThatIsMissingPausesTheRunAndWhatRunsIsAdopted) {
  study.execution.parallelism = 2;
  begin();
  settle();
  crash();
  workspace.missing = "Secret hf: key token is nowhere";
  begin();
  settle();
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_EQ(ledger().run_message(), "Secret hf: key token is nowhere");
  EXPECT_EQ(running(), (std::vector<std::string>{"e0-c1-a1", "e1-c1-a1"}));
  exit_all(0);
  EXPECT_EQ(ledger().count(RepetitionState::Succeeded), 2u);
  EXPECT_TRUE(controller->finished());
  workspace.missing.clear();
  begin_again();
  EXPECT_EQ(running(), std::vector<std::string>{"e2-c1-a1"});
}

TEST_F(RecoveryTest, WhatWasOnlyMadeIsWithdrawnWhileASecretIsMissing) {
  begin();
  until_created();
  engine.happen();
  crash();
  workspace.missing = "Secret hf: key token is nowhere";
  begin();
  settle();
  EXPECT_EQ(ended("e0-c1-a1").verdict, Verdict::Withdrawn);
  EXPECT_TRUE(engine.started.empty());
  EXPECT_TRUE(controller->finished());
}

TEST_F(RecoveryTest, AContainerThatEndedMeanwhileIsHarvested) {
  begin();
  settle();
  crash();
  engine.exit({"e0-c1-a1"}, 0);
  begin();
  settle();
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Completed);
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, ADeadlineThatPassedBehindAnEndIsNoTimeout) {
  study.execution.timeouts.run = minutes(45);
  for (const int code : {0, 3}) {
    const AttemptId id{"e" + std::to_string(code == 0 ? 0 : 1) + "-c1-a1"};
    begin();
    pass(minutes(1));
    crash();
    engine.exit(id, code);
    clock.advance(minutes(60 * 8));
    begin();
    turn();
    engine.answer();
    turn();
    settle();
    EXPECT_EQ(ended(id.text).reason, code == 0 ? Reason::Completed : Reason::Error);
    EXPECT_EQ(state(code == 0 ? 0 : 1), code == 0 ? RepetitionState::Succeeded : RepetitionState::Failed);
  }
}

TEST_F(RecoveryTest, WhatEndedBehindItsDeadlineIsATimeoutAlsoWhereNobodyLooked) {
  study.execution.timeouts.run = minutes(45);
  begin();
  settle();
  crash();
  clock.advance(minutes(46));
  engine.exit({"e0-c1-a1"}, 0);
  clock.advance(minutes(10));
  begin();
  turn();
  engine.answer();
  turn();
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Timeout);
}

TEST_F(RecoveryTest, AContainerThatIsGoneIsLostAndRetried) {
  begin();
  settle();
  crash();
  engine.lose({"e0-c1-a1"});
  begin();
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Lost);
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
}

TEST_F(RecoveryTest, AnEndThatWasReadAndNotCommittedIsReadAgain) {
  begin();
  settle();
  engine.exit({"e0-c1-a1"}, 0);
  engine.tell();
  turn();
  workspace.answer_all();
  workspace.answer_all();
  crash();
  EXPECT_TRUE(journal.ended().empty());
  begin();
  settle();
  EXPECT_EQ(journal.all<AttemptEnded>().size(), 1u);
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, AnEndThatWasCommittedAndNotPublishedIsPublished) {
  study.execution.parallelism = 2;
  begin();
  settle();
  exit("e0-c1-a1", 0);
  exit("e1-c1-a1", 1);
  workspace.settled.clear();  // the crash came before both
  begin_again();
  EXPECT_EQ(workspace.settled.at({{1, 0, 1}, 1}), Verdict::Succeeded);
  EXPECT_EQ(workspace.settled.at({{1, 1, 1}, 1}), Verdict::Failed);
}

TEST_F(RecoveryTest, WhatIsLeftOfAnEndedAttemptIsRemoved) {
  begin();
  settle();
  engine.exit({"e0-c1-a1"}, 0);
  while (journal.ended().empty()) {
    engine.tell();
    turn();
    workspace.answer_all();
  }
  ASSERT_NE(engine.find({"e0-c1-a1"}), nullptr);
  begin_again();
  EXPECT_EQ(engine.find({"e0-c1-a1"}), nullptr);
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, ACancelGoesOnAfterACrash) {
  study.execution.parallelism = 3;
  begin();
  settle();
  EXPECT_TRUE(ask(Command::Kind::Cancel));
  begin_again();
  EXPECT_EQ(run_state(), RunState::Cancelled);
  EXPECT_TRUE(engine.containers().empty());
  EXPECT_EQ(ledger().count(RepetitionState::Cancelled), 3u);
}

TEST_F(RecoveryTest, AStopOfWhatWaitsInAQueueThatACrashCutOffIsAskedForAgain) {
  experiments = 1;
  engine.holds_starts = true;
  begin();
  until_started();
  EXPECT_TRUE(ask(Command::Kind::Cancel));
  ASSERT_EQ(journal.all<AttemptStopping>().size(), 1u);
  begin_again();
  EXPECT_EQ(run_state(), RunState::Cancelled);
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(RecoveryTest, WhatWasEndingWhenACancelCameStartsNothingAfterACrash) {
  engine.refuse_create = [](const AttemptId&) { return Reason::ImagePull; };
  begin();
  until_created();
  engine.happen();
  engine.tell();
  turn();                                   // it was refused, and its directory is read
  EXPECT_TRUE(ask(Command::Kind::Cancel));  // too late to be told to it
  ASSERT_TRUE(journal.all<AttemptStopping>().empty());
  engine.refuse_create = nullptr;
  begin_again();
  EXPECT_EQ(run_state(), RunState::Cancelled);
  EXPECT_TRUE(engine.started.empty());
}

TEST_F(RecoveryTest, AStoppedRunAndACrashedStopGoOn) {
  begin();
  settle();
  EXPECT_TRUE(ask(Command::Kind::Stop));
  begin_again();
  EXPECT_EQ(run_state(), RunState::Running);
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, ACrashTwiceInARowIsACrash) {
  study.execution.parallelism = 2;
  begin();
  settle();
  crash();
  begin();
  turn();
  crash();
  begin();
  settle();
  expect_all_succeed_in(3);
}

TEST_F(RecoveryTest, ABackoffGoesOnOverACrash) {
  experiments = 1;
  study.execution.retry.limit = 1;
  begin();
  settle();
  exit("e0-c1-a1", 1);
  crash();
  clock.advance(seconds(4));
  begin();
  pass(seconds(5));
  EXPECT_TRUE(running().empty());
  pass(seconds(1));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
}

TEST_F(RecoveryTest, AWallClockThatWentBackMakesNoWaitLonger) {
  experiments = 1;
  study.execution.retry.limit = 1;
  begin();
  settle();
  exit("e0-c1-a1", 1);
  crash();
  clock.jump(-std::chrono::hours(1000));
  begin();
  pass(seconds(10));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
}

TEST_F(RecoveryTest, AnotherPlanThanTheRunsIsRefused) {
  begin();
  settle();
  crash();
  experiments = 4;
  gateway = std::make_unique<Gateway>([] {});
  RunPlan plan;
  plan.study = &study;
  plan.experiments = 4;
  Controller other(plan, {journal, engine, workspace, published, *gateway, clock});
  const auto recovered = other.recover();
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().message, "the run has 3 experiments on record, its plan has 4");
}

}  // namespace
}  // namespace studyctl
