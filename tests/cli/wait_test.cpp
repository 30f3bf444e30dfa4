#include "cli/wait.h"

#include <gtest/gtest.h>

#include "cli/applied_study.h"

namespace studyctl {
namespace {

Status status_in(RunState state) {
  Status status;
  status.state = state;
  status.controller = this_process();
  return status;
}

TEST(WaitConditionTest, AnEndHasTheExitCodeOfApply) {
  const WaitCondition ended = *parse_condition("completed");
  EXPECT_EQ(ended.exit_code(status_in(RunState::Running), {}), std::nullopt);
  EXPECT_EQ(ended.exit_code(status_in(RunState::Completed), {}), 0);
  EXPECT_EQ(ended.exit_code(status_in(RunState::CompletedWithFailures), {}), 1);
  EXPECT_EQ(ended.exit_code(status_in(RunState::Failed), {}), 2);
  EXPECT_EQ(ended.exit_code(status_in(RunState::Cancelled), {}), 3);
}

TEST(WaitConditionTest, AStateIsReachedOrMissed) {
  const WaitCondition paused = *parse_condition("condition=paused");
  EXPECT_EQ(paused.exit_code(status_in(RunState::Running), {}), std::nullopt);
  EXPECT_EQ(paused.exit_code(status_in(RunState::Paused), {}), 0);
  EXPECT_EQ(paused.exit_code(status_in(RunState::CompletedWithFailures), {}), 1);
  EXPECT_EQ(parse_condition("Stopped")->exit_code(status_in(RunState::Stopped), {}), 0);
}

TEST(WaitConditionTest, ARunThatNobodyDrivesIsNotWaitedFor) {
  Status status = status_in(RunState::Running);
  status.controller.pid_started_at += 1;
  EXPECT_EQ(parse_condition("completed")->exit_code(status, {}), 3);
}

TEST(WaitConditionTest, AnUnknownWordNamesThoseThatThereAre) {
  const auto condition = parse_condition("done");
  ASSERT_FALSE(condition);
  EXPECT_NE(condition.error().message.find("CompletedWithFailures"), std::string::npos);
}

TEST(WaitTest, TimesOutWithItsOwnExitCode) {
  TemporaryDirectory home;
  AppliedStudy study(home.path() / "results");
  study.publish_status(RunState::Running);
  EXPECT_EQ(type(home.path() / "results", {"wait", "nmr", "--timeout", "0s"}).code, 124);
  EXPECT_EQ(type(home.path() / "results", {"wait", "nmr", "--timeout", "7"}).code, 4);
  study.publish_status(RunState::CompletedWithFailures);
  EXPECT_EQ(type(home.path() / "results", {"wait", "nmr"}).code, 1);
}

}  // namespace
}  // namespace studyctl
