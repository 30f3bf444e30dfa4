#include "control/controller.h"

#include "control/world.h"

namespace studyctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct ControllerTest : World {};

TEST_F(ControllerTest, RunsEveryRepetitionOneAfterAnother) {
  study.execution.cycles = 2;
  begin();
  settle();
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(ledger().count(RepetitionState::Succeeded), 6u);
  EXPECT_EQ(engine.started.size(), 6u);
  EXPECT_TRUE(controller->finished());
  EXPECT_TRUE(engine.containers().empty());
}

TEST_F(ControllerTest, AStudyThatFailedInPartCompletesWithFailures) {
  begin();
  settle();
  exit("e0-c1-a1", 1);
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::CompletedWithFailures);
  EXPECT_EQ(ledger().run_message(), "1 of 3 failed");
}

TEST_F(ControllerTest, RunsAsManyAtOnceAsTheStudyAllows) {
  experiments = 10;
  study.execution.parallelism = 4;
  begin();
  settle();
  EXPECT_EQ(running().size(), 4u);
  EXPECT_EQ(controller->why_waiting(), "a place: 4 of 4 are taken");
}

TEST_F(ControllerTest, PacksByWhatTheMachineHas) {
  experiments = 10;
  study.execution.parallelism = 10;
  study.pod.main.resources.millicpu = 24000;  // of 64 cores
  begin();
  settle();
  EXPECT_EQ(running().size(), 2u);
}

TEST_F(ControllerTest, PinnedAttemptsShareNoCore) {
  study.execution.parallelism = 3;
  study.execution.pin_cpus = true;
  study.pod.main.resources.millicpu = 4000;
  begin();
  settle();
  EXPECT_EQ(workspace.pinned.at({{1, 0, 1}, 1}), "0-3");
  EXPECT_EQ(workspace.pinned.at({{1, 1, 1}, 1}), "4-7");
  EXPECT_EQ(workspace.pinned.at({{1, 2, 1}, 1}), "8-11");
}

TEST_F(ControllerTest, NothingIsDoneBeforeItsDecisionIsOnDisk) {
  begin();
  settle();
  ASSERT_TRUE(journal.intended().contains({{1, 0, 1}, 1}));
  ASSERT_TRUE(journal.starting().contains({{1, 0, 1}, 1}));
  journal.set_disk(MemoryJournal::Disk::Broken);
  engine.exit({"e0-c1-a1"}, 0);
  engine.tell();
  turn();                  // asks for what it left behind
  workspace.answer_all();  // it is sealed, its end is decided
  workspace.answer_all();
  EXPECT_FALSE(controller->turn());
  EXPECT_TRUE(workspace.settled.empty());
  EXPECT_TRUE(engine.forgotten.empty());
}

TEST_F(ControllerTest, AnEndIsCommittedThenPublishedThenItsContainerRemoved) {
  begin();
  settle();
  exit("e0-c1-a1", 0);
  EXPECT_EQ(workspace.settled.at({{1, 0, 1}, 1}), Verdict::Succeeded);
  EXPECT_EQ(engine.forgotten.front(), AttemptId{"e0-c1-a1"});
  EXPECT_EQ(engine.find({"e0-c1-a1"}), nullptr);
  EXPECT_EQ(published.last_seq, journal.events().back().seq);
}

// Else nobody would look after them: a run that is over is not taken up again.
TEST_F(ControllerTest, ARunIsOverOnceItsLastEndsArePublishedForGood) {
  experiments = 1;
  begin();
  settle();
  engine.exit({"e0-c1-a1"}, 0);
  engine.tell();
  turn();
  workspace.answer_all();
  turn();  // the end is on disk, and published
  EXPECT_FALSE(workspace.settled.empty());
  turn();
  EXPECT_EQ(run_state(), RunState::Running);
  EXPECT_FALSE(controller->finished());
  workspace.full = true;
  workspace.answer_all();
  turn();
  EXPECT_EQ(run_state(), RunState::Running);
  workspace.full = false;
  pass(seconds(2));  // it is tried again
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(ControllerTest, SeeingTheSameTwiceChangesNothing) {
  begin();
  settle();
  const size_t events = journal.events().size();
  engine.tell({"e0-c1-a1"});
  engine.tell({"e0-c1-a1"});
  turn();
  EXPECT_EQ(journal.events().size(), events);
  engine.exit({"e0-c1-a1"}, 0);
  engine.tell({"e0-c1-a1"});
  engine.tell({"e0-c1-a1"});
  settle();
  EXPECT_EQ(journal.all<AttemptEnded>().size(), 1u);
}

TEST_F(ControllerTest, AnEndThatIsSeenWithoutItsBeginningIsWhole) {
  begin();
  until_started();
  engine.happen();
  ASSERT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
  engine.swallow({"e0-c1-a1"});  // that it runs is never told
  exit("e0-c1-a1", 0);
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
  EXPECT_EQ(journal.all<AttemptRunning>().front().key.repetition.index, 0u);
}

TEST_F(ControllerTest, AContainerThatNobodyExpectsIsRemoved) {
  begin();
  settle();
  Observation stranger;
  stranger.attempt = {"e7-c1-a1"};
  stranger.phase = Observation::Phase::Running;
  controller->see(stranger);
  controller->see(stranger);
  settle();
  EXPECT_EQ(std::count(engine.forgotten.begin(), engine.forgotten.end(), AttemptId{"e7-c1-a1"}), 1);
}

TEST_F(ControllerTest, EndsOnlyOnceTheLastContainerIsGone) {
  experiments = 1;
  begin();
  settle();
  engine.exit({"e0-c1-a1"}, 0);
  while (run_state() != RunState::Completed) {
    engine.tell();
    workspace.answer_all();
    turn();
  }
  EXPECT_FALSE(controller->finished());
  settle();
  EXPECT_TRUE(controller->finished());
}

TEST_F(ControllerTest, AtMostEndsTheRunOnceSoManyRepetitionsHaveEnded) {
  at_most = 2;
  study.execution.parallelism = 3;
  begin();
  settle();
  EXPECT_EQ(running().size(), 2u);
  EXPECT_EQ(controller->why_waiting(), "--at-most 2 have been started");
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Stopped);
  EXPECT_EQ(ledger().count(RepetitionState::Succeeded), 2u);
  EXPECT_EQ(ledger().count(RepetitionState::Waiting), 1u);
}

TEST_F(ControllerTest, AtMostLeavesTheRetriesToWhatWasStarted) {
  at_most = 1;
  study.execution.retry.limit = 1;
  begin();
  settle();
  exit("e0-c1-a1", 1);
  EXPECT_EQ(run_state(), RunState::Running);
  pass(seconds(10));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Stopped);
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
  EXPECT_EQ(state(1), RepetitionState::Waiting);
}

TEST_F(ControllerTest, AtMostOfAllThereAreCompletes) {
  at_most = 3;
  begin();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(ControllerTest, AtMostWaitsForNoCooldownAfterTheLast) {
  at_most = 1;
  study.execution.cooldown.experiment = minutes(5);
  begin();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Stopped);
}

TEST_F(ControllerTest, WhatTheEngineWarnsOfIsOnRecordBesideWhatTheFilesLack) {
  engine.warnings = {"a process in it was killed at the memory limit"};
  workspace.findings_of = [](const AttemptKey&, const Workspace::Question&) {
    Findings findings;
    findings.warnings = {"metric energy: out.dat: no such file"};
    return findings;
  };
  begin();
  settle();
  exit("e0-c1-a1", 0);
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Completed);
  EXPECT_EQ(ended("e0-c1-a1").warnings,
            (std::vector<std::string>{"metric energy: out.dat: no such file",
                                      "a process in it was killed at the memory limit"}));
}

TEST_F(ControllerTest, MetricsAndDurationAreOnRecord) {
  workspace.findings_of = [](const AttemptKey&, const Workspace::Question& question) {
    Findings findings;
    if (question.exited_zero) findings.metrics = {{"energy", -76.4, "Eh"}};
    return findings;
  };
  begin();
  pass(minutes(7));
  exit("e0-c1-a1", 0);
  const AttemptEnded end = ended("e0-c1-a1");
  ASSERT_EQ(end.metrics.size(), 1u);
  EXPECT_EQ(end.metrics.front().name, "energy");
  EXPECT_EQ(end.duration, minutes(7));
}

TEST_F(ControllerTest, AJumpOfTheWallClockMovesNoDuration) {
  study.execution.timeouts.run = minutes(45);
  begin();
  pass(minutes(7));
  clock.jump(-std::chrono::hours(3));
  exit("e0-c1-a1", 0);
  EXPECT_EQ(ended("e0-c1-a1").duration, minutes(7));
}

TEST_F(ControllerTest, AJumpForwardMovesNoDurationEither) {
  begin();
  pass(minutes(7));
  clock.jump(std::chrono::hours(3));
  exit("e0-c1-a1", 0);
  EXPECT_LE(ended("e0-c1-a1").duration, minutes(7));
}

TEST_F(ControllerTest, WhatEndedWithinTheSameMillisecondTookNoTime) {
  begin();
  settle();
  engine.exit({"e0-c1-a1"}, 0);
  clock.advance(seconds(9));
  settle();
  EXPECT_EQ(ended("e0-c1-a1").duration, Duration(0));
}

TEST_F(ControllerTest, NoEndIsRecordedBeforeItsBeginning) {
  begin();
  settle();
  clock.jump(-Duration(400));  // Podman's end comes from a file's time, a little behind its clock
  exit("e0-c1-a1", 0);
  const AttemptRecord& end = workspace.sealed.at({{1, 0, 1}, 1});
  EXPECT_EQ(end.finished_at, end.started_at);
  EXPECT_EQ(end.duration, Duration(0));
}

TEST_F(ControllerTest, ExitZeroWithoutItsResultsFailsWithTheReason) {
  workspace.findings_of = [](const AttemptKey&, const Workspace::Question&) {
    Findings findings;
    findings.verdict = Reason::ResultMissing;
    findings.message = "result.json is not there";
    return findings;
  };
  begin();
  settle();
  exit("e0-c1-a1", 0);
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::ResultMissing);
  EXPECT_EQ(ended("e0-c1-a1").message, "result.json is not there");
  EXPECT_EQ(workspace.settled.at({{1, 0, 1}, 1}), Verdict::Failed);
}

TEST_F(ControllerTest, TheProgressOfWhatRunsIsKnown) {
  workspace.sign_of = [](const AttemptKey&) { return Sign{true, 0.25, "epoch 1 of 4"}; };
  begin();
  pass(seconds(5));
  EXPECT_EQ(controller->live().begin()->second.fraction, 0.25);
  EXPECT_EQ(controller->live().begin()->second.progress, "epoch 1 of 4");
}

}  // namespace
}  // namespace studyctl
