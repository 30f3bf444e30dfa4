#include "control/world.h"

namespace studyctl {
namespace {

using std::chrono::seconds;
using Kind = Command::Kind;

struct CommandTest : World {};

TEST_F(CommandTest, AStopLetsWhatRunsFinishAndStartsNothing) {
  study.execution.parallelism = 2;
  begin();
  settle();
  EXPECT_EQ(*ask(Kind::Stop), "stopping: 2 running will finish, none starts");
  EXPECT_EQ(run_state(), RunState::Stopping);
  EXPECT_TRUE(engine.stopped.empty());
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Stopped);
  EXPECT_EQ(ledger().run_message(), "stopped by ann");
  EXPECT_EQ(state(2), RepetitionState::Waiting);
  EXPECT_TRUE(controller->finished());
}

TEST_F(CommandTest, AStopIsSeenAtOnceInACooldown) {
  study.execution.cooldown.experiment = std::chrono::hours(1);
  begin();
  settle();
  exit("e0-c1-a1", 0);
  EXPECT_TRUE(ask(Kind::Stop));
  settle();
  EXPECT_EQ(run_state(), RunState::Stopped);
  EXPECT_TRUE(controller->finished());
}

TEST_F(CommandTest, AStopIsSeenAtOnceInAPullAndWhatWasPulledForWaitsAgain) {
  begin();
  until_created();  // it pulls
  EXPECT_TRUE(ask(Kind::Stop));
  settle();
  EXPECT_EQ(run_state(), RunState::Stopped);
  EXPECT_TRUE(engine.started.empty());
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Interrupted);
  EXPECT_EQ(ended("e0-c1-a1").verdict, Verdict::Withdrawn);
  EXPECT_EQ(state(0), RepetitionState::Waiting);
}

TEST_F(CommandTest, APauseTakesBackWhatWaitsInTheEnginesOwnQueue) {
  begin();
  until_started();
  Observation queued;
  queued.attempt = {"e0-c1-a1"};
  queued.phase = Observation::Phase::Preparing;
  queued.is_queued = true;
  controller->see(queued);
  turn();
  EXPECT_TRUE(ask(Kind::Pause));
  settle();
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_EQ(ended("e0-c1-a1").verdict, Verdict::Withdrawn);
  EXPECT_EQ(state(0), RepetitionState::Waiting);
}

TEST_F(CommandTest, WhatAStopTookBackIsRetriedWhateverTheRulesSay) {
  RetryRule rule;
  rule.action = RetryAction::FailStudy;
  study.execution.retry.rules = {rule};
  begin();
  turn();
  engine.tell();
  turn();
  EXPECT_TRUE(ask(Kind::Stop));
  settle();
  EXPECT_EQ(run_state(), RunState::Stopped);
  EXPECT_EQ(state(0), RepetitionState::Waiting);
}

TEST_F(CommandTest, AContainerThatWasJustMadeIsNotStartedAfterAStop) {
  begin();
  turn();
  engine.tell();
  turn();
  engine.happen();  // it is created, and the controller does not know yet
  engine.tell();
  EXPECT_TRUE(ask(Kind::Stop));
  settle();
  EXPECT_TRUE(engine.started.empty());
  EXPECT_EQ(run_state(), RunState::Stopped);
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(CommandTest, ApplyingAgainAfterAStopGoesOn) {
  begin();
  settle();
  EXPECT_TRUE(ask(Kind::Stop));
  exit_all(0);
  begin_again();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(engine.started.size(), 3u);
}

TEST_F(CommandTest, APauseKeepsTheControllerAndAResumeGoesOn) {
  begin();
  settle();
  EXPECT_EQ(*ask(Kind::Pause), "paused: 1 running will finish, none starts");
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_EQ(ledger().run_message(), "paused by ann");
  EXPECT_FALSE(controller->finished());
  EXPECT_EQ(*ask(Kind::Pause), "paused already");
  EXPECT_EQ(*ask(Kind::Resume), "resumed");
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(CommandTest, AResumeTakesAStopBackWhileSomethingStillRuns) {
  begin();
  settle();
  EXPECT_TRUE(ask(Kind::Stop));
  EXPECT_TRUE(ask(Kind::Resume));
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(CommandTest, ACancelEndsWhatRunsAndLeavesNothingWaiting) {
  study.execution.parallelism = 2;
  study.execution.timeouts.grace = seconds(30);
  begin();
  settle();
  EXPECT_EQ(*ask(Kind::Cancel), "cancelling: 2 are told to end");
  EXPECT_EQ(engine.find({"e0-c1-a1"})->grace, seconds(30));
  settle();
  EXPECT_EQ(run_state(), RunState::Cancelled);
  EXPECT_EQ(ledger().count(RepetitionState::Cancelled), 3u);
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Cancelled);
  EXPECT_EQ(ended("e0-c1-a1").message, "cancelled by ann");
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(CommandTest, ACancelGivesEachTheGraceOfItsOverride) {
  study.execution.parallelism = 2;
  study.execution.timeouts.grace = seconds(30);
  variant_of = [this](const RepetitionKey& key) {
    Variant variant{study.pod, study.execution.timeouts, 0};
    if (key.index == 1) variant.timeouts.grace = seconds(90);
    return variant;
  };
  begin();
  settle();
  EXPECT_TRUE(ask(Kind::Cancel));
  EXPECT_EQ(engine.find({"e0-c1-a1"})->grace, seconds(30));
  EXPECT_EQ(engine.find({"e1-c1-a1"})->grace, seconds(90));
  settle();
}

TEST_F(CommandTest, ACancelMaySayItsOwnGraceAndASecondOneShortensIt) {
  begin();
  settle();
  EXPECT_TRUE(ask(Kind::Cancel, seconds(60)));
  EXPECT_EQ(engine.find({"e0-c1-a1"})->grace, seconds(60));
  EXPECT_TRUE(ask(Kind::Cancel, seconds(2)));
  EXPECT_EQ(engine.find({"e0-c1-a1"})->grace, seconds(2));
  EXPECT_EQ(journal.all<AttemptStopping>().size(), 1u);
}

TEST_F(CommandTest, WhatAPauseWithdrewCountsNowhere) {
  begin();
  for (int times = 0; times < 25; ++times) {
    until_created(static_cast<size_t>(times));
    EXPECT_TRUE(ask(Kind::Pause));
    settle();
    EXPECT_TRUE(ask(Kind::Resume));
  }
  EXPECT_EQ(ended("e0-c1-a25").verdict, Verdict::Withdrawn);
  const Troubles troubles = ledger().troubles({1, 0, 1});
  EXPECT_EQ(troubles.failures + troubles.counted + troubles.uncounted, 0u);
  EXPECT_EQ(ledger().count(Reason::Interrupted), 0u);
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(CommandTest, ARunThatEndedWaitsNoLongerThanAMinuteForItsContainersToGo) {
  experiments = 1;
  begin();
  settle();
  engine.exit({"e0-c1-a1"}, 0);
  while (run_state() != RunState::Completed) {
    engine.tell();
    workspace.answer_all();
    turn();
  }
  turn();  // its container is to be removed, and the engine never answers
  EXPECT_FALSE(controller->finished());
  EXPECT_EQ(controller->next_turn(), clock.steady() + seconds(60));
  clock.advance(seconds(60));
  turn();
  EXPECT_TRUE(controller->finished());
  EXPECT_EQ(controller->left_behind(), 1u);
}

TEST_F(CommandTest, ACancelAfterAStopCancels) {
  begin();
  settle();
  EXPECT_TRUE(ask(Kind::Stop));
  EXPECT_TRUE(ask(Kind::Cancel));
  settle();
  EXPECT_EQ(run_state(), RunState::Cancelled);
}

TEST_F(CommandTest, ACancelInAPullStartsNothing) {
  begin();
  turn();
  engine.tell();
  turn();
  EXPECT_TRUE(ask(Kind::Cancel));
  settle();
  EXPECT_EQ(run_state(), RunState::Cancelled);
  EXPECT_EQ(state(0), RepetitionState::Cancelled);
  EXPECT_TRUE(engine.started.empty());
}

TEST_F(CommandTest, ACancelReachesAContainerWhoseStartIsOnItsWay) {
  begin();
  until_started();
  EXPECT_TRUE(ask(Kind::Cancel));  // too early for a stop to reach it
  settle();
  EXPECT_EQ(run_state(), RunState::Cancelled);
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Cancelled);
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(CommandTest, ACancelledRunMayBeRetriedInPart) {
  begin();
  settle();
  EXPECT_TRUE(ask(Kind::Cancel));
  settle();
  crash();
  begin();
  EXPECT_EQ(*ask(Command{Kind::Retry, "ann", {}, {{1, 1, 1}}}), "1 will run again");
  exit_all(0);
  EXPECT_EQ(state(1), RepetitionState::Succeeded);
  EXPECT_EQ(run_state(), RunState::CompletedWithFailures);
  EXPECT_EQ(ledger().run_message(), "0 of 3 failed, 2 cancelled");
}

TEST_F(CommandTest, ARetryRunsAgainWhatFailedAndKeepsItsFailureCount) {
  study.execution.parallelism = 3;
  begin();
  settle();
  exit("e0-c1-a1", 1);
  exit("e1-c1-a1", 1);
  EXPECT_EQ(*ask(Kind::Retry), "2 will run again");
  settle();
  EXPECT_EQ(running(), (std::vector<std::string>{"e0-c1-a2", "e1-c1-a2", "e2-c1-a1"}));
  EXPECT_EQ(ledger().troubles({1, 0, 1}).failures, 1u);
}

TEST_F(CommandTest, ARetryByStateTakesThatStateAlone) {
  begin();
  settle();
  exit("e0-c1-a1", 1);
  exit("e1-c1-a1", 1);
  EXPECT_FALSE(ask(Command{Kind::Retry, "ann", {}, {}, {RepetitionState::Cancelled}}));
  EXPECT_EQ(*ask(Command{Kind::Retry, "ann", {}, {}, {RepetitionState::Failed}}), "2 will run again");
}

TEST_F(CommandTest, ARetryOfOneLeavesTheOthers) {
  begin();
  settle();
  exit("e0-c1-a1", 1);
  exit("e1-c1-a1", 1);
  EXPECT_EQ(*ask(Command{Kind::Retry, "ann", {}, {{1, 1, 1}, {1, 1, 1}}}), "1 will run again");
  EXPECT_EQ(state(0), RepetitionState::Failed);
  EXPECT_EQ(state(1), RepetitionState::Waiting);
}

TEST_F(CommandTest, ARetryOfWhatIsNotThereIsRefusedAndHurtsNothing) {
  study.execution.cycles = 2;
  begin();
  settle();
  exit("e0-c1-a1", 1);
  for (const RepetitionKey& key : {RepetitionKey{1, 9, 1}, RepetitionKey{1, 0, 3}, RepetitionKey{1, 0, 0}}) {
    const auto answer = ask(Command{Kind::Retry, "ann", {}, {key}});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::NotFound);
  }
  EXPECT_EQ(state(0), RepetitionState::Failed);
}

TEST_F(CommandTest, ARetryWithNothingThatFailedIsRefused) {
  begin();
  settle();
  const auto answer = ask(Kind::Retry);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::NotFound);
}

TEST_F(CommandTest, AnEndedRunRefusesCommandsWithItsState) {
  experiments = 1;
  begin();
  exit_all(0);
  for (const Kind kind : {Kind::Stop, Kind::Pause, Kind::Resume, Kind::Cancel, Kind::Retry}) {
    const auto answer = ask(kind);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::Conflict);
    EXPECT_NE(answer.error().message.find("Completed"), std::string::npos);
  }
}

TEST_F(CommandTest, WhoAskedForWhatIsOnRecord) {
  begin();
  settle();
  EXPECT_TRUE(ask(Command{Kind::Cancel, "uid 1000 pid 4711", seconds(2), {}}));
  const auto accepted = journal.all<CommandAccepted>();
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_EQ(accepted.front().who, "uid 1000 pid 4711");
  EXPECT_EQ(accepted.front().command, "cancel --grace 2s");
}

TEST_F(CommandTest, WhyItWasAskedForIsOnRecord) {
  begin();
  settle();
  Command pause{Kind::Pause, "ann", {}, {}};
  pause.why = "lunch";
  EXPECT_TRUE(ask(std::move(pause)));
  EXPECT_EQ(journal.all<CommandAccepted>().front().command, "pause: lunch");
}

TEST_F(CommandTest, WhoBeganARunIsOnRecord) {
  asked = {"ann", "apply"};
  begin();
  ASSERT_EQ(journal.all<CommandAccepted>().size(), 1u);
  EXPECT_EQ(journal.all<CommandAccepted>().front().who, "ann");
  EXPECT_EQ(journal.all<CommandAccepted>().front().command, "apply");
}

TEST_F(CommandTest, ACommandIsAnsweredOnceItIsOnDiskAndNotBefore) {
  begin();
  settle();
  journal.set_disk(MemoryJournal::Disk::Full);
  auto answer = gateway->ask(Command{Kind::Stop, "ann", {}, {}});
  turn();
  EXPECT_EQ(answer.wait_for(seconds(0)), std::future_status::timeout);
  journal.set_disk(MemoryJournal::Disk::Fine);
  turn();
  EXPECT_EQ(answer.wait_for(seconds(0)), std::future_status::ready);
}

TEST_F(CommandTest, HandingOverLeavesContainersRunningForTheNext) {
  study.execution.parallelism = 2;
  begin();
  settle();
  EXPECT_TRUE(ask(Kind::HandOver));
  EXPECT_TRUE(controller->finished());
  EXPECT_TRUE(controller->handed_over());
  EXPECT_EQ(running().size(), 2u);
  EXPECT_TRUE(engine.stopped.empty());
  begin_again();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(engine.started.size(), 3u);
}

TEST_F(CommandTest, AControllerThatHandsOverStartsNothing) {
  begin();
  settle();
  engine.exit({"e0-c1-a1"}, 0);
  engine.tell();
  turn();
  workspace.answer_all();
  auto answer = gateway->ask(Command{Kind::HandOver, "SIGTERM", {}, {}});
  turn();
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
  EXPECT_EQ(state(1), RepetitionState::Waiting);
}

TEST_F(CommandTest, AControllerThatHandsOverWaitsForWhatIsJustBeingStarted) {
  begin();
  until_started();
  auto answer = gateway->ask(Command{Kind::HandOver, "SIGTERM", {}, {}});
  turn();
  EXPECT_FALSE(controller->finished());
  engine.happen();
  engine.tell();
  turn();
  EXPECT_TRUE(controller->finished());
  begin_again();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(engine.started.size(), controller->ledger().total()) << "nothing was cut off";
}

TEST_F(CommandTest, AControllerThatHandsOverWaitsForAStartNoLongerThanAMoment) {
  begin();
  until_started();
  auto answer = gateway->ask(Command{Kind::HandOver, "SIGTERM", {}, {}});
  turn();
  EXPECT_FALSE(controller->finished());
  ASSERT_TRUE(controller->next_turn());
  clock.advance(Duration(2000));
  EXPECT_LE(*controller->next_turn(), clock.steady());
  turn();
  EXPECT_TRUE(controller->finished());
}

TEST_F(CommandTest, AFullDiskDoesNotKeepAControllerFromHandingOver) {
  begin();
  settle();
  journal.set_disk(MemoryJournal::Disk::Full);
  auto answer = gateway->ask(Command{Kind::HandOver, "SIGTERM", {}, {}});
  turn();
  EXPECT_TRUE(controller->finished());
  journal.set_disk(MemoryJournal::Disk::Fine);
  begin_again();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

}  // namespace
}  // namespace studyctl
