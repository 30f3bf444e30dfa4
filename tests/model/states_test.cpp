#include "model/states.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace studyctl {
namespace {

template <class Enum, class Named>
void expect_names_that_read_back(size_t count, Named named) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < count; ++i) {
    const auto value = static_cast<Enum>(i);
    EXPECT_EQ(named(name_of(value)), value) << name_of(value);
    names.insert(name_of(value));
  }
  EXPECT_EQ(names.size(), count);
  EXPECT_FALSE(named("completed"));
  EXPECT_FALSE(named(""));
}

TEST(States, EveryNameReadsBack) {
  expect_names_that_read_back<Reason>(kReasons, reason_named);
  expect_names_that_read_back<RepetitionState>(kRepetitionStates, repetition_state_named);
  expect_names_that_read_back<RunState>(kRunStates, run_state_named);
  expect_names_that_read_back<Verdict>(kVerdicts, verdict_named);
}

TEST(States, TheWordsAreThoseThatUsersSee) {
  EXPECT_EQ(name_of(Reason::OOMKilled), "OOMKilled");
  EXPECT_EQ(name_of(Reason::GpuOOM), "GpuOOM");
  EXPECT_EQ(name_of(Reason::Interrupted), "Interrupted");
  EXPECT_EQ(name_of(RepetitionState::Cached), "Cached");
  EXPECT_EQ(name_of(RunState::CompletedWithFailures), "CompletedWithFailures");
  EXPECT_EQ(name_of(RunState::Interrupted), "Interrupted");
}

TEST(States, ARepetitionIsFinalOnceNoAttemptIsToCome) {
  for (const auto state : {RepetitionState::Waiting, RepetitionState::Starting, RepetitionState::Running})
    EXPECT_FALSE(is_final(state)) << name_of(state);
  for (const auto state : {RepetitionState::Succeeded, RepetitionState::Failed, RepetitionState::Infeasible,
                           RepetitionState::Cancelled, RepetitionState::Skipped, RepetitionState::Cached})
    EXPECT_TRUE(is_final(state)) << name_of(state);
}

TEST(States, ARunIsFinalOnceNoControllerHasAnythingToDo) {
  for (const auto state : {RunState::Pending, RunState::Running, RunState::Paused, RunState::Stopping,
                           RunState::Cancelling, RunState::Interrupted})
    EXPECT_FALSE(is_final(state)) << name_of(state);
  for (const auto state : {RunState::Stopped, RunState::Cancelled, RunState::Completed,
                           RunState::CompletedWithFailures, RunState::Failed})
    EXPECT_TRUE(is_final(state)) << name_of(state);
}

}  // namespace
}  // namespace studyctl
