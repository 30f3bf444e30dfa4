#include "service/live_runs.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "store/run_events.h"
#include "store/sqlite_journal.h"

namespace studyctl {
namespace {

class LiveRunsTest : public testing::Test {
 protected:
  LiveRunsTest() : volume_(*ResultsVolume::open(directory_.path())) {
    LockHolder holder = this_holder("");
    holder.is_service = true;
    holder.runs.clear();
    live_ = *LiveRuns::take(volume_, holder);
  }
  static std::future<Gateway::Answer> said(const Gateway::Answer& answer) {
    std::promise<Gateway::Answer> promise;
    promise.set_value(answer);
    return promise.get_future();
  }
  LiveRuns::Run run(const std::string& study) {
    return {study, directory_.path() / study,
            [study](const Command& command) { return said(study + ": " + text_of(command)); },
            [](const std::string& staged, const std::string& who) { return said(staged + " by " + who); }};
  }

  TemporaryDirectory directory_;
  ResultsVolume volume_;
  std::unique_ptr<LiveRuns> live_;
};

TEST_F(LiveRunsTest, EachRunIsToldWhatIsSaidToIt) {
  ASSERT_TRUE(live_->enter("1", run("nmr")));
  ASSERT_TRUE(live_->enter("2", run("xray")));
  EXPECT_EQ(*live_->tell("2", {}), "xray: stop");
  EXPECT_EQ(*live_->apply("1", "staged-1", "ann"), "staged-1 by ann");
  EXPECT_EQ(live_->tell("3", {}).error().code, ErrorCode::NotFound);
}

TEST_F(LiveRunsTest, OthersSeeWhichRunsItHolds) {
  ASSERT_TRUE(live_->hold("nmr", "1"));
  ASSERT_TRUE(live_->enter("1", run("nmr")));
  ASSERT_TRUE(live_->enter("2", run("xray")));
  const auto holder = volume_.holder();
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->runs.size(), 2u);
  EXPECT_TRUE(holder->drives("1"));
  live_->leave("1");
  EXPECT_TRUE(volume_.holder()->drives("1"));  // another controller takes it over
  EXPECT_EQ(live_->tell("1", {}).error().code, ErrorCode::Unavailable);
  live_->release("1");
  EXPECT_FALSE(volume_.holder()->drives("1"));
  EXPECT_EQ(live_->study_of("2"), "xray");
  EXPECT_EQ(live_->study_of("1"), "");
}

TEST_F(LiveRunsTest, WhatSomebodyMayGoOnWithIsNoStrangers) {
  const auto record = [&](const std::string& id, const std::string& study, RunState state) {
    RunRecord run = run_record(id, study);
    run.directory = study + "/" + id;
    auto journal = SqliteJournal::create(volume_.database(), run, facts_of);
    ASSERT_TRUE(journal) << journal.error().message;
    RunEvents story;
    story.begin(1);
    if (state != RunState::Running) story.add(RunStateChanged{state, ""});
    for (const Event& event : story.all) journal->append(event);
    ASSERT_TRUE(journal->commit());
  };
  record("1", "nmr", RunState::Running);  // another run of it followed
  record("2", "nmr", RunState::Paused);
  record("3", "xray", RunState::Completed);
  live_->release("3");
  EXPECT_TRUE(live_->spares("2", "xray"));
  EXPECT_FALSE(live_->spares("1", "xray"));
  EXPECT_FALSE(live_->spares("3", "ir"));
  EXPECT_FALSE(live_->spares("2", "nmr")) << "the run that is begun now takes its place";
  EXPECT_FALSE(live_->spares("unknown", "nmr"));
}

TEST_F(LiveRunsTest, WhoWaitsForARunToBeLetGoIsWokenByIt) {
  ASSERT_TRUE(live_->hold("nmr", "1"));
  EXPECT_FALSE(live_->await_release("1", Duration(0)));
  EXPECT_TRUE(live_->await_release("2", Duration(0)));
  auto waits =
      std::async(std::launch::async, [&] { return live_->await_release("1", std::chrono::hours(1)); });
  live_->release("1");
  EXPECT_TRUE(waits.get());
}

TEST_F(LiveRunsTest, WhoTakesTheVolumeSecondIsToldOfTheService) {
  const auto second = LiveRuns::take(volume_, this_holder("nmr"));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("held by the service, pid "), std::string::npos)
      << second.error().message;
}

TEST_F(LiveRunsTest, AControllerThatEndsBeforeItAnswersIsSaid) {
  LiveRuns::Run silent = run("nmr");
  silent.tell = [](const Command&) { return std::promise<Gateway::Answer>().get_future(); };
  ASSERT_TRUE(live_->enter("1", std::move(silent)));
  EXPECT_EQ(live_->tell("1", {}).error().message, "the controller has ended");
}

}  // namespace
}  // namespace studyctl
