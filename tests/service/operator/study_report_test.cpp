#include "service/operator/study_report.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace studyctl {
namespace {

using namespace std::chrono_literals;

const Instant kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 0ms;

Status a_run(RunState state) {
  Status run;
  run.run_id = "r";
  run.state = state;
  run.total = 10;
  run.failed = 1;
  run.counts[static_cast<size_t>(RepetitionState::Succeeded)] = 4;
  run.counts[static_cast<size_t>(RepetitionState::Cached)] = 2;
  run.counts[static_cast<size_t>(RepetitionState::Failed)] = 1;
  run.counts[static_cast<size_t>(RepetitionState::Waiting)] = 3;
  run.controller.host = "elsewhere";
  run.heartbeat_at = kNow;
  return run;
}

StudyObjectStatus shown(const Status& run) {
  StudyObjectStatus status;
  put_run(status, run, kNow);
  return status;
}

bool holds(const StudyObjectStatus& status, const std::string& type) {
  const auto found = std::find_if(status.conditions.begin(), status.conditions.end(),
                                  [&](const StudyCondition& one) { return one.type == type; });
  return found != status.conditions.end() && found->is_true;
}

TEST(StudyReport, CountsWhatHasEndedWhateverItsEnd) {
  const auto status = shown(a_run(RunState::Running));
  EXPECT_EQ(status.state, "Running");
  EXPECT_EQ(status.ended, 7u);
  EXPECT_EQ(status.succeeded, 6u);
  EXPECT_EQ(status.failed, 1u);
  EXPECT_FALSE(holds(status, "Complete") || holds(status, "Failed"));
}

TEST(StudyReport, IsCompleteOrFailedAtItsEnd) {
  EXPECT_TRUE(holds(shown(a_run(RunState::Completed)), "Complete"));
  EXPECT_TRUE(holds(shown(a_run(RunState::CompletedWithFailures)), "Complete"));
  for (const RunState state : {RunState::Failed, RunState::Cancelled, RunState::Stopped})
    EXPECT_TRUE(holds(shown(a_run(state)), "Failed")) << name_of(state);
}

TEST(StudyReport, SaysWhatItWaitsFor) {
  Status run = a_run(RunState::Running);
  run.current.push_back(
      {"water", "{}", 1, 1, RepetitionState::Starting, "", {}, {}, "0/1 nodes are available"});
  EXPECT_EQ(shown(run).message, "water: 0/1 nodes are available");
}

TEST(StudyReport, SaysTimesSoCoarselyThatTheyAreNotWrittenEverySecond) {
  Status run = a_run(RunState::Running);
  run.eta_seconds = 1000;
  const std::string said = shown(run).eta;
  run.eta_seconds = 990;
  EXPECT_EQ(shown(run).eta, said);
  EXPECT_EQ(said, "17m");
}

TEST(StudyReport, KeepsTheTimeOfConditionsThatStay) {
  StudyObjectStatus before = shown(a_run(RunState::Running));
  date_conditions(before, {}, kNow);
  StudyObjectStatus after = shown(a_run(RunState::Completed));
  date_conditions(after, before, kNow + 1h);
  const auto since = [&](const std::string& type) {
    for (const StudyCondition& one : after.conditions)
      if (one.type == type) return one.since;
    return std::string();
  };
  EXPECT_EQ(since("Failed"), "2026-11-23T00:00:00Z");
  EXPECT_EQ(since("Complete"), "2026-11-23T01:00:00Z");
}

TEST(StudyReport, TellsOfStatesAndOfNothingElse) {
  const auto running = shown(a_run(RunState::Running));
  EXPECT_FALSE(event_of_change(running, running));
  const auto event = event_of_change(running, shown(a_run(RunState::CompletedWithFailures)));
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->is_warning);
  EXPECT_EQ(event->reason, "CompletedWithFailures");
  EXPECT_EQ(event->message, "6 of 10 succeeded, 1 failed");
}

}  // namespace
}  // namespace studyctl
