#include "control/world.h"

namespace studyctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct RetryTest : World {
  RetryRule& rule(RetryAction action) {
    study.execution.retry.rules.emplace_back().action = action;
    return study.execution.retry.rules.back();
  }
};

TEST_F(RetryTest, RetriesAFailedAttemptAfterItsBackoff) {
  experiments = 1;
  study.execution.retry.limit = 2;
  begin();
  settle();
  exit("e0-c1-a1", 1);
  EXPECT_EQ(controller->why_waiting(), "the backoff before a retry");
  EXPECT_EQ(controller->waits_until(), clock.steady() + seconds(10));
  pass(seconds(9));
  EXPECT_TRUE(running().empty());
  pass(seconds(1));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
  exit("e0-c1-a2", 1);
  pass(seconds(20));
  exit("e0-c1-a3", 1);
  EXPECT_EQ(run_state(), RunState::CompletedWithFailures);
  EXPECT_EQ(engine.started.size(), 3u);
  EXPECT_EQ(ledger().troubles({1, 0, 1}).failures, 3u);
}

TEST_F(RetryTest, OthersGoOnDuringABackoff) {
  study.execution.retry.limit = 1;
  begin();
  settle();
  exit("e0-c1-a1", 1);
  EXPECT_EQ(running(), std::vector<std::string>{"e1-c1-a1"});
}

TEST_F(RetryTest, AContainerThatTheEngineLostIsRetriedAtOnceAndUncounted) {
  begin();
  settle();
  engine.lose({"e0-c1-a1"});
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Lost);
  EXPECT_FALSE(ended("e0-c1-a1").counted);
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
}

TEST_F(RetryTest, WhatARestartOfTheEngineEndedIsRetriedUncounted) {
  study.execution.parallelism = 3;
  begin();
  settle();
  engine.restart();
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Interrupted);
  EXPECT_EQ(running(), (std::vector<std::string>{"e0-c1-a2", "e1-c1-a2", "e2-c1-a2"}));
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(RetryTest, AStartThatARestartOfTheEngineCutOffIsInterruptedAndNeverRepeated) {
  begin();
  until_started();
  engine.restart();
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Interrupted);
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
}

TEST_F(RetryTest, UncountedRetriesEndAtTwentyAndSaySo) {
  experiments = 1;
  begin();
  for (int i = 0; i < 21; ++i) {
    pass(minutes(6));
    ASSERT_EQ(running().size(), 1u);
    engine.lose({running().front()});
  }
  settle();
  EXPECT_EQ(engine.started.size(), 21u);
  EXPECT_EQ(state(0), RepetitionState::Failed);
  EXPECT_NE(ended("e0-c1-a21").message.find("uncounted retries ended at 20"), std::string::npos);
}

TEST_F(RetryTest, ARefusedPullIsImagePullAndFails) {
  engine.refuse_create = [](const AttemptId&) { return Reason::ImagePull; };
  begin();
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::ImagePull);
  EXPECT_EQ(state(0), RepetitionState::Failed);
  EXPECT_TRUE(engine.started.empty());
}

TEST_F(RetryTest, ARefusedStartIsCreateError) {
  engine.refuse_start = [](const AttemptId&) { return Reason::CreateError; };
  begin();
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::CreateError);
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(RetryTest, ARuleMayCallAnExitCodeInfeasible) {
  rule(RetryAction::Infeasible).exit_codes = {78};
  study.execution.retry.limit = 2;
  begin();
  settle();
  exit("e0-c1-a1", 78);
  EXPECT_EQ(state(0), RepetitionState::Infeasible);
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(RetryTest, ARuleMayAskTheLog) {
  RetryRule& nccl = rule(RetryAction::Retry);
  nccl.log_pattern = "NCCL.*timeout";
  nccl.counted = false;
  workspace.findings_of = [](const AttemptKey& key, const Workspace::Question& question) {
    Findings findings;
    if (key.attempt == 1) findings.matched_patterns = question.log_patterns;
    return findings;
  };
  begin();
  settle();
  exit("e0-c1-a1", 1);
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
  exit("e0-c1-a2", 1);
  EXPECT_EQ(state(0), RepetitionState::Failed);
}

TEST_F(RetryTest, FailStudyLetsWhatRunsFinishAndFailsTheRun) {
  rule(RetryAction::FailStudy).exit_codes = {2};
  study.execution.parallelism = 2;
  begin();
  settle();
  exit("e0-c1-a1", 2);
  EXPECT_EQ(run_state(), RunState::Stopping);
  EXPECT_EQ(running(), std::vector<std::string>{"e1-c1-a1"});
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Failed);
  EXPECT_EQ(ledger().run_message(), "exit code 2 (a retry rule says FailStudy)");
  EXPECT_EQ(state(2), RepetitionState::Waiting);
}

TEST_F(RetryTest, FailStudyIsNotForgottenInACrash) {
  rule(RetryAction::FailStudy).exit_codes = {2};
  study.execution.parallelism = 2;
  begin();
  settle();
  exit("e0-c1-a1", 2);
  begin_again();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Failed);
}

TEST_F(RetryTest, FailStudyFailsAlsoARunThatIsPausedOrStopping) {
  rule(RetryAction::FailStudy).exit_codes = {2};
  for (const Command::Kind kind : {Command::Kind::Pause, Command::Kind::Stop}) {
    journal = {};
    published = {};
    workspace.settled.clear();
    begin();
    settle();
    EXPECT_TRUE(ask(kind));
    exit("e0-c1-a1", 2);
    EXPECT_EQ(run_state(), RunState::Failed);
    crash();
  }
}

TEST_F(RetryTest, NothingStartsInTheCooldownAfterAnExperiment) {
  study.execution.cooldown.experiment = seconds(60);
  begin();
  settle();
  exit("e0-c1-a1", 0);
  EXPECT_EQ(controller->why_waiting(), "cooldown");
  EXPECT_EQ(controller->waits_until(), clock.steady() + seconds(60));
  pass(seconds(59));
  EXPECT_TRUE(running().empty());
  pass(seconds(1));
  EXPECT_EQ(running(), std::vector<std::string>{"e1-c1-a1"});
}

TEST_F(RetryTest, BetweenCyclesTheCooldownIsTheCycles) {
  experiments = 2;
  study.execution.cycles = 2;
  study.execution.order = Order::Interleaved;
  study.execution.cooldown = {seconds(60), minutes(5)};
  begin();
  settle();
  exit("e0-c1-a1", 0);
  pass(seconds(60));
  exit("e1-c1-a1", 0);
  const auto cooldowns = journal.all<CooldownBegan>();
  ASSERT_EQ(cooldowns.size(), 2u);
  EXPECT_FALSE(cooldowns[0].between_cycles);
  EXPECT_TRUE(cooldowns[1].between_cycles);
  pass(minutes(5) - seconds(1));
  EXPECT_TRUE(running().empty());
  pass(seconds(1));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c2-a1"});
}

TEST_F(RetryTest, ACooldownGoesOnOverACrash) {
  study.execution.cooldown.experiment = seconds(60);
  begin();
  settle();
  exit("e0-c1-a1", 0);
  crash();
  clock.advance(seconds(40));
  begin();
  settle();
  EXPECT_TRUE(running().empty());
  pass(seconds(20));
  EXPECT_EQ(running(), std::vector<std::string>{"e1-c1-a1"});
}

TEST_F(RetryTest, APauseShortensNoCooldown) {
  study.execution.cooldown.experiment = seconds(60);
  begin();
  settle();
  EXPECT_TRUE(ask(Command::Kind::Pause));
  exit("e0-c1-a1", 0);
  EXPECT_TRUE(ask(Command::Kind::Resume));
  pass(seconds(59));
  EXPECT_TRUE(running().empty());
  pass(seconds(1));
  EXPECT_EQ(running(), std::vector<std::string>{"e1-c1-a1"});
}

TEST_F(RetryTest, NoCooldownFollowsTheLast) {
  experiments = 1;
  study.execution.cooldown = {seconds(60), minutes(5)};
  begin();
  exit_all(0);
  EXPECT_TRUE(controller->finished());
  EXPECT_TRUE(journal.all<CooldownBegan>().empty());
}

TEST_F(RetryTest, AnAttemptThatRanOutOfTimeIsTriedAgainWithMore) {
  experiments = 1;
  study.execution.retry.limit = 1;
  study.execution.timeouts.run = minutes(1);
  RetryRule& slow = rule(RetryAction::Retry);
  slow.reasons = {Reason::Timeout};
  slow.timeout_factor = 3;
  begin();
  settle();
  pass(minutes(2));
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Timeout);
  begin_again();
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
  pass(seconds(100));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
  pass(minutes(1));
  EXPECT_EQ(ended("e0-c1-a2").reason, Reason::Timeout);
}

TEST_F(RetryTest, AnAttemptThatRanOutOfMemoryIsTriedAgainWithMore) {
  experiments = 1;
  study.execution.retry.limit = 5;
  RetryRule& oom = rule(RetryAction::Retry);
  oom.reasons = {Reason::OOMKilled};
  oom.memory_factor = 2;
  workspace.memory_limit = int64_t{16} << 20;
  begin();
  settle();
  exit("e0-c1-a1", 137, Reason::OOMKilled);
  EXPECT_EQ(ended("e0-c1-a1").grown.memory_bytes, int64_t{32} << 20);
  begin_again();
  pass(seconds(10));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
  EXPECT_EQ(workspace.memory.at({{1, 0, 1}, 2}), int64_t{32} << 20);
  begin_again();
  exit("e0-c1-a2", 137, Reason::OOMKilled);
  EXPECT_EQ(ended("e0-c1-a2").grown.memory_bytes, int64_t{64} << 20);
}

}  // namespace
}  // namespace studyctl
