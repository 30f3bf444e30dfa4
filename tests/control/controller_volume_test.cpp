#include "control/world.h"

namespace studyctl {
namespace {

using std::chrono::seconds;
using Disk = MemoryJournal::Disk;

// A full or broken disk, and what is missing.
struct VolumeTest : World {
  // What runs ends, and the controller has learnt of it.
  void end_running(int code) {
    engine.exit(engine.running().front(), code);
    engine.tell();
    turn();
    workspace.answer_all();
    workspace.answer_all();
  }
};

TEST_F(VolumeTest, AFullDiskKeepsTheBatchAndNothingActs) {
  begin();
  settle();
  end_running(0);
  journal.set_disk(Disk::Full);
  turn();
  EXPECT_TRUE(controller->disk_full());
  EXPECT_TRUE(workspace.settled.empty());
  EXPECT_TRUE(engine.forgotten.empty());
  EXPECT_EQ(engine.created.size(), 1u);
  EXPECT_EQ(controller->next_turn(), clock.steady() + seconds(1));
}

TEST_F(VolumeTest, ARunGoesOnByItselfOnceThereIsRoom) {
  begin();
  settle();
  end_running(0);
  journal.set_disk(Disk::Full);
  for (int i = 0; i < 100; ++i) {
    turn();
    clock.advance(seconds(1));
  }
  EXPECT_EQ(engine.created.size(), 1u);
  journal.set_disk(Disk::Fine);
  settle();
  EXPECT_FALSE(controller->disk_full());
  EXPECT_EQ(workspace.settled.at({{1, 0, 1}, 1}), Verdict::Succeeded);
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(engine.started.size(), 3u);
}

TEST_F(VolumeTest, ACrashWhileTheDiskIsFullLosesNothingThatWasDone) {
  begin();
  settle();
  end_running(0);
  journal.set_disk(Disk::Full);
  turn();
  crash();
  journal.set_disk(Disk::Fine);
  begin();
  settle();
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
  exit_all(0);
  EXPECT_EQ(engine.started.size(), 3u);
}

TEST_F(VolumeTest, AStartThatAFullDiskHeldBackIsNotMadeAfterACancel) {
  begin();
  turn();
  engine.tell();
  turn();
  engine.happen();
  engine.tell();
  journal.set_disk(Disk::Full);
  turn();  // it would start, could that be written
  ASSERT_TRUE(engine.started.empty());
  auto answer = gateway->ask(Command{Command::Kind::Cancel, "ann", {}, {}});
  turn();
  journal.set_disk(Disk::Fine);
  settle();
  EXPECT_TRUE(engine.started.empty());
  EXPECT_EQ(run_state(), RunState::Cancelled);
}

TEST_F(VolumeTest, ADirectoryThatCannotBeMadeIsTriedAgain) {
  workspace.full = true;
  begin();
  pass(seconds(30));
  EXPECT_TRUE(engine.created.empty());
  EXPECT_EQ(controller->live().begin()->second.message, "no space left on device");
  workspace.full = false;
  pass(seconds(1));
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
}

TEST_F(VolumeTest, ACancelEndsWhatWaitsForItsDirectory) {
  workspace.full = true;
  begin();
  settle();
  EXPECT_TRUE(ask(Command::Kind::Cancel));
  pass(seconds(1));
  workspace.full = false;  // its record needs room
  pass(seconds(1));
  EXPECT_EQ(run_state(), RunState::Cancelled);
  EXPECT_TRUE(engine.created.empty());
}

TEST_F(VolumeTest, ARecordThatCannotBeWrittenIsTriedAgainAndNothingIsPublishedBefore) {
  begin();
  settle();
  workspace.full = true;
  engine.exit({"e0-c1-a1"}, 0);
  pass(seconds(30));
  EXPECT_EQ(state(0), RepetitionState::Running);
  EXPECT_TRUE(workspace.settled.empty());
  EXPECT_NE(engine.find({"e0-c1-a1"}), nullptr);
  workspace.full = false;
  pass(seconds(1));
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
}

TEST_F(VolumeTest, AnyOtherFailedCommitEndsTheProcessAndNothingActs) {
  begin();
  settle();
  end_running(0);
  journal.set_disk(Disk::Broken);
  EXPECT_FALSE(controller->turn());
  EXPECT_TRUE(workspace.settled.empty());
  EXPECT_TRUE(engine.forgotten.empty());
}

TEST_F(VolumeTest, AMissingSecretPausesTheRunAndIsNamed) {
  workspace.missing = "secret hf: key token is missing";
  study.execution.parallelism = 3;
  begin();
  settle();
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_EQ(ledger().run_message(), "secret hf: key token is missing");
  EXPECT_EQ(ledger().count(RepetitionState::Waiting), 3u);
  EXPECT_TRUE(controller->finished());
  EXPECT_TRUE(engine.created.empty());
}

TEST_F(VolumeTest, AMissingInputPausesTheRunAndIsNamed) {
  workspace.missing_input = "mol.xyz: was not kept when the study was applied";
  begin();
  settle();
  EXPECT_EQ(run_state(), RunState::Paused);
  EXPECT_EQ(ledger().run_message(), "mol.xyz: was not kept when the study was applied");
}

TEST_F(VolumeTest, AnEndThatCannotBePublishedYetIsPublishedLater) {
  begin();
  settle();
  end_running(0);
  workspace.full = true;
  turn();
  EXPECT_EQ(state(0), RepetitionState::Succeeded);
  EXPECT_TRUE(workspace.settled.empty());
  workspace.full = false;
  pass(seconds(1));
  EXPECT_TRUE(workspace.settled.contains({{1, 0, 1}, 1}));
}

TEST_F(VolumeTest, ARunGoesOnWhenTheSecretIsThere) {
  workspace.missing = "secret hf: key token is missing";
  begin();
  settle();
  workspace.missing.clear();
  begin_again();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
}

TEST_F(VolumeTest, AMissingSecretDoesNotTakeACancelBack) {
  begin();
  settle();
  workspace.missing = "secret hf: key token is missing";
  engine.exit({"e0-c1-a1"}, 0);
  engine.tell();
  turn();
  workspace.answer_all();
  turn();
  workspace.answer_all();
  turn();  // the next one is intended, and its secret found missing
  EXPECT_TRUE(ask(Command::Kind::Cancel));
  settle();
  EXPECT_EQ(run_state(), RunState::Cancelled);
}

// ---- while the directory of an attempt is being made ----

struct MakingTest : VolumeTest {
  // The volume has been asked for the directory of the first attempt, and has not answered.
  void until_asked_for() {
    begin();
    for (int step = 0; workspace.waiting() == 0; ++step) {
      ASSERT_LT(step, 100) << "nothing is asked for";
      engine.tell();
      turn();
    }
    ASSERT_TRUE(workspace.prepared.empty());
  }
};

TEST_F(MakingTest, TheEngineIsNotAskedForWhatHasNoDirectoryYet) {
  until_asked_for();
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_EQ(workspace.waiting(), 1u);
  EXPECT_TRUE(engine.created.empty());
  settle();
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a1"});
}

TEST_F(MakingTest, WhatIsCancelledMeanwhileEndsOnceItIsMade) {
  until_asked_for();
  EXPECT_TRUE(ask(Command::Kind::Cancel));
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_TRUE(journal.ended().empty()) << "its directory would be made behind its end";
  settle();
  EXPECT_EQ(run_state(), RunState::Cancelled);
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::Cancelled);
  EXPECT_TRUE(engine.created.empty());
  EXPECT_TRUE(engine.stopped.empty());
}

TEST_F(MakingTest, APauseAndAResumeMeanwhileStartItAgain) {
  until_asked_for();
  EXPECT_TRUE(ask(Command::Kind::Pause));
  EXPECT_TRUE(ask(Command::Kind::Resume));
  settle();
  EXPECT_EQ(ended("e0-c1-a1").verdict, Verdict::Withdrawn);
  EXPECT_EQ(running(), std::vector<std::string>{"e0-c1-a2"});
}

TEST_F(MakingTest, WhoHandsOverMakesNothingMoreAndTheNextOneDoes) {
  until_asked_for();
  EXPECT_TRUE(ask(Command::Kind::HandOver));
  workspace.answer_all();
  turn();
  EXPECT_TRUE(engine.created.empty());
  EXPECT_TRUE(controller->handed_over());
  begin_again();
  exit_all(0);
  EXPECT_EQ(run_state(), RunState::Completed);
  EXPECT_EQ(engine.started.size(), 3u);
}

TEST_F(MakingTest, AVolumeThatNeverAnswersEndsInItsPendingTimeoutOnceItDoes) {
  study.execution.timeouts.pending = seconds(60);
  until_asked_for();
  clock.advance(seconds(61));
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_EQ(journal.all<AttemptStopping>().size(), 1u);
  EXPECT_TRUE(journal.ended().empty());
  settle();
  EXPECT_EQ(ended("e0-c1-a1").reason, Reason::PendingTimeout);
}

}  // namespace
}  // namespace studyctl
