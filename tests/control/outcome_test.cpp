#include "control/outcome.h"

#include <gtest/gtest.h>

#include <csignal>

namespace studyctl {
namespace {

using Phase = Observation::Phase;
using Stage = ActiveAttempt::Stage;

ActiveAttempt at(Stage stage) {
  ActiveAttempt attempt;
  attempt.stage = stage;
  return attempt;
}

Observation seen(Phase phase, Reason reason = Reason::Completed, std::string message = "") {
  Observation observation;
  observation.phase = phase;
  observation.reason = reason;
  observation.message = std::move(message);
  return observation;
}

Observation exited(int code, int signal = 0, Reason reason = Reason::Completed) {
  Observation observation = seen(Phase::Exited, reason);
  observation.exit_code = code;
  observation.signal = signal;
  return observation;
}

const ActiveAttempt kRunning = at(Stage::Running);

TEST(Outcome, ZeroWithAllThatWasAskedForIsCompleted) {
  EXPECT_EQ(outcome_of(kRunning, exited(0), {}).reason, Reason::Completed);
  EXPECT_TRUE(outcome_of(kRunning, exited(0), {}).message.empty());
}

TEST(Outcome, ZeroWithoutARequiredFileIsResultMissing) {
  Findings findings;
  findings.verdict = Reason::ResultMissing;
  findings.message = "result.json is not there";
  const Outcome outcome = outcome_of(kRunning, exited(0), findings);
  EXPECT_EQ(outcome.reason, Reason::ResultMissing);
  EXPECT_EQ(outcome.message, "result.json is not there");
}

TEST(Outcome, FilesDoNotExcuseAnExitCode) {
  Findings findings;
  findings.verdict = Reason::CheckFailed;
  EXPECT_EQ(outcome_of(kRunning, exited(3), findings).reason, Reason::Error);
}

TEST(Outcome, AnExitCodeIsAnErrorAndIsSaid) {
  const Outcome outcome = outcome_of(kRunning, exited(3), {});
  EXPECT_EQ(outcome.reason, Reason::Error);
  EXPECT_EQ(outcome.message, "exit code 3");
}

TEST(Outcome, WhatTheWorkloadTellsOfItsFailureIsTold) {
  Findings findings;
  findings.failure = FailureRecord{"ValueError", "bad basis set", {}, {}};
  EXPECT_EQ(outcome_of(kRunning, exited(1), findings).message, "exit code 1: ValueError: bad basis set");
  findings.failure->type.clear();
  EXPECT_EQ(outcome_of(kRunning, exited(1), findings).message, "exit code 1: bad basis set");
}

TEST(Outcome, AKillOfUnknownCauseStaysAnError) {
  const Outcome outcome = outcome_of(kRunning, exited(137), {});
  EXPECT_EQ(outcome.reason, Reason::Error);
  EXPECT_EQ(outcome.message, "killed (137), cause unknown");
}

TEST(Outcome, ASignalIsNamed) {
  EXPECT_EQ(outcome_of(kRunning, exited(139), {}).message, "exit code 139 (Segmentation fault)");
  EXPECT_EQ(outcome_of(kRunning, exited(139, SIGSEGV), {}).message,
            "ended by signal 11 (Segmentation fault)");
}

TEST(Outcome, AProofOfTheEngineOrTheKernelComesBeforeTheExitCode) {
  const Outcome outcome = outcome_of(kRunning, exited(137, SIGKILL, Reason::OOMKilled), {});
  EXPECT_EQ(outcome.reason, Reason::OOMKilled);
  EXPECT_EQ(outcome.message, "ended by signal 9 (Killed)");
  EXPECT_EQ(outcome_of(kRunning, exited(137, 0, Reason::Interrupted), {}).reason, Reason::Interrupted);
}

TEST(Outcome, AStopThatWeRecordedComesBeforeEverything) {
  ActiveAttempt stopping = kRunning;
  stopping.stopping = Reason::Timeout;
  stopping.stop_message = "ran longer than 45m";
  for (const Observation& end : {exited(0), exited(137, SIGKILL, Reason::OOMKilled), seen(Phase::Missing),
                                 seen(Phase::Refused, Reason::Cancelled), seen(Phase::Created)}) {
    EXPECT_EQ(outcome_of(stopping, end, {}).reason, Reason::Timeout);
    EXPECT_EQ(outcome_of(stopping, end, {}).message, "ran longer than 45m");
    EXPECT_FALSE(ended_well(stopping, end));
  }
}

TEST(Outcome, ARefusalSaysWhy) {
  const Outcome outcome =
      outcome_of(at(Stage::Intended), seen(Phase::Refused, Reason::ImagePull, "no such image: acme/x:1"), {});
  EXPECT_EQ(outcome.reason, Reason::ImagePull);
  EXPECT_EQ(outcome.message, "no such image: acme/x:1");
}

TEST(Outcome, ARefusalIsNeverASuccess) {
  EXPECT_EQ(outcome_of(at(Stage::Starting), seen(Phase::Refused), {}).reason, Reason::CreateError);
}

TEST(Outcome, AContainerThatTheEngineNoLongerKnowsIsLost) {
  EXPECT_EQ(outcome_of(kRunning, seen(Phase::Missing), {}).reason, Reason::Lost);
}

TEST(Outcome, AnAttemptThatWasCutBetweenStartIntentAndAnswerIsInterrupted) {
  const Outcome outcome = outcome_of(at(Stage::Starting), seen(Phase::Missing), {});
  EXPECT_EQ(outcome.reason, Reason::Interrupted);
  EXPECT_EQ(outcome.message, "its start was cut off");
}

TEST(Outcome, OnlyWhatEndedByItselfWithZeroIsAskedForResults) {
  EXPECT_TRUE(ended_well(kRunning, exited(0)));
  EXPECT_FALSE(ended_well(kRunning, exited(1)));
  EXPECT_FALSE(ended_well(kRunning, exited(0, 0, Reason::GpuLost)));
  EXPECT_FALSE(ended_well(kRunning, seen(Phase::Missing)));
}

TEST(Outcome, WhatTheLogSaysOfAGpuIsTheReasonOfAFailure) {
  Findings findings;
  findings.gpu_failure = GpuFailure{Reason::GpuOOM, "CUDA out of memory. Tried to allocate 2 GiB", false};
  EXPECT_EQ(outcome_of(kRunning, exited(1), findings).reason, Reason::GpuOOM);
  EXPECT_EQ(outcome_of(kRunning, exited(1), findings).message, findings.gpu_failure->message);
  EXPECT_EQ(outcome_of(kRunning, exited(0), findings).reason, Reason::Completed);
  EXPECT_EQ(outcome_of(kRunning, exited(137, 9, Reason::OOMKilled), findings).reason, Reason::OOMKilled);
}

TEST(Outcome, AMissingGpuIsAReasonOnlyOfWhatLeasedOne) {
  Findings findings;
  findings.gpu_failure = GpuFailure{Reason::GpuLost, "No CUDA GPUs are available", true};
  EXPECT_EQ(outcome_of(kRunning, exited(1), findings).reason, Reason::Error);
  ActiveAttempt with_device = kRunning;
  with_device.devices = {"nvidia.com/gpu=0"};
  EXPECT_EQ(outcome_of(with_device, exited(1), findings).reason, Reason::GpuLost);
}

}  // namespace
}  // namespace studyctl
