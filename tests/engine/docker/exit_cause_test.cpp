#include "engine/docker/exit_cause.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

ContainerView exited(int code) {
  ContainerView view;
  view.id = "c1";
  view.state = ContainerView::State::Exited;
  view.exit_code = code;
  view.started_at = Instant(std::chrono::seconds(100));
  view.finished_at = Instant(std::chrono::seconds(101));
  return view;
}

Observation end_of(const ContainerView& view, const ExitEvidence& evidence = {}) {
  return exited_observation({"a"}, view, evidence);
}

TEST(ExitCause, ZeroIsCompleted) {
  EXPECT_EQ(end_of(exited(0)).reason, Reason::Completed);
  EXPECT_EQ(end_of(exited(0)).message, "");
}

TEST(ExitCause, AnotherCodeIsAnError) {
  EXPECT_EQ(end_of(exited(3)).reason, Reason::Error);
  EXPECT_EQ(end_of(exited(3)).message, "exited with code 3");
  EXPECT_EQ(end_of(exited(139)).signal, 11);
}

TEST(ExitCause, OneHundredThirtySevenAloneProvesNothing) {
  const Observation end = end_of(exited(137));
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.signal, 0);
  EXPECT_EQ(end.message, "killed (137), cause unknown");
  EXPECT_TRUE(is_unexplained(exited(137), {}));
}

TEST(ExitCause, EachProofOfOutOfMemoryCounts) {
  ContainerView flagged = exited(137);
  flagged.oom_killed = true;
  flagged.memory_limit = 32 << 20;
  EXPECT_EQ(end_of(flagged).reason, Reason::OOMKilled);
  EXPECT_EQ(end_of(flagged).message, "killed at the memory limit (32.0 MiB)");
  EXPECT_EQ(end_of(exited(137), {.oom_event = true}).reason, Reason::OOMKilled);
  EXPECT_EQ(end_of(exited(1), {.kernel_killed = true}).reason, Reason::OOMKilled);
  EXPECT_FALSE(is_unexplained(exited(137), {.kernel_killed = true}));
}

TEST(ExitCause, AChildKilledInASuccessIsAWarning) {
  ContainerView view = exited(0);
  view.oom_killed = true;
  EXPECT_EQ(end_of(view).exit_code, 0);
  EXPECT_EQ(end_of(view).reason, Reason::Completed);
  EXPECT_EQ(end_of(view).warnings,
            std::vector<std::string>{"a process in it was killed at the memory limit"});
}

TEST(ExitCause, ALogThatTheEngineMayNotHaveHeardWholeIsAWarning) {
  ASSERT_EQ(end_of(exited(0), {.log_was_cut = true}).warnings.size(), 1u);
  EXPECT_NE(end_of(exited(0), {.log_was_cut = true}).warnings[0].find("its log may lack"), std::string::npos);
  EXPECT_EQ(end_of(exited(0)).warnings, std::vector<std::string>{});
}

TEST(ExitCause, OurOwnSignalComesFirst) {
  ContainerView view = exited(137);
  view.oom_killed = true;
  const Observation end = end_of(view, {.killed_by_us = true});
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.signal, 9);
}

TEST(ExitCause, ARestartedEngineInterrupts) {
  EXPECT_EQ(end_of(exited(137), {.engine_restarted = true}).reason, Reason::Interrupted);
  EXPECT_EQ(end_of(exited(7), {.engine_restarted = true}).reason, Reason::Error);
}

TEST(ExitCause, ACodeThatARestartedEngineNeverLearnedInterrupts) {
  EXPECT_TRUE(is_unexplained(exited(255), {}));
  EXPECT_EQ(end_of(exited(255), {.engine_restarted = true}).reason, Reason::Interrupted);
  EXPECT_EQ(end_of(exited(255)).reason, Reason::Error);
}

TEST(ExitCause, AStrangersSignalInterrupts) {
  EXPECT_EQ(end_of(exited(143), {.killed_by_other = true}).reason, Reason::Interrupted);
  EXPECT_EQ(end_of(exited(137), {.signalled_by_other = true}).reason, Reason::Interrupted);
  EXPECT_EQ(end_of(exited(1), {.signalled_by_other = true}).reason, Reason::Error);
}

TEST(ExitCause, WhatTheDriverReportedOfItsGpuIsProof) {
  ExitEvidence evidence;
  evidence.gpu = {Reason::GpuFault, "nvidia.com/gpu=0: Xid 48, DBE"};
  EXPECT_EQ(end_of(exited(1), evidence).reason, Reason::GpuFault);
  EXPECT_EQ(end_of(exited(1), evidence).message, "nvidia.com/gpu=0: Xid 48, DBE");
  EXPECT_EQ(end_of(exited(0), evidence).reason, Reason::Completed) << "it ended well all the same";
}

}  // namespace
}  // namespace studyctl
