#include <gtest/gtest.h>

#include "cli/applied_study.h"

namespace studyctl {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class PruneCommandTest : public testing::Test {
 protected:
  PruneCommandTest() {
    for (int day = 1; day <= 3; ++day) {
      runs_.push_back(std::make_unique<AppliedStudy>(
          results_, kNmr, Instant(std::chrono::sys_days(std::chrono::year(2026) / 1 / day))));
      runs_.back()->change(RunState::Stopped);
    }
  }
  Said say(std::vector<std::string> words) { return type(results_, std::move(words)); }

  TemporaryDirectory home_;
  std::filesystem::path results_ = home_.path() / "results";
  std::vector<std::unique_ptr<AppliedStudy>> runs_;
};

TEST_F(PruneCommandTest, ADryRunSaysWhatWouldGoAndWhyAndRemovesNothing) {
  const Said said = say({"prune", "--runs", "1", "--dry-run"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(has(said.out, "nmr/2026-01-01_00-00-00  would go")) << said.out;
  EXPECT_TRUE(has(said.out, "it is not among the newest 1")) << said.out;
  EXPECT_TRUE(has(said.out, "would be removed: 2 runs")) << said.out;
  EXPECT_TRUE(std::filesystem::exists(runs_[0]->directory().path()));
}

TEST_F(PruneCommandTest, WhatIsMarkedIsShownAndStays) {
  ASSERT_EQ(say({"keep", "nmr/2026-01-01_00-00-00", "--why", "for the paper"}).code, 0);
  const Said runs = say({"get", "runs"});
  EXPECT_TRUE(has(runs.out, "KEPT")) << runs.out;
  EXPECT_TRUE(has(runs.out, "yes")) << runs.out;
  const Said said = say({"prune", "nmr", "--age", "30d"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(has(said.out, "it is marked: for the paper")) << said.out;
  EXPECT_TRUE(has(said.out, "removed: 1 run,")) << said.out;
  EXPECT_TRUE(std::filesystem::exists(runs_[0]->directory().path()));
  EXPECT_FALSE(std::filesystem::exists(runs_[1]->directory().path()));
  ASSERT_EQ(say({"unkeep", "nmr/2026-01-01_00-00-00"}).code, 0);
  EXPECT_EQ(say({"prune", "--runs", "1", "-o", "name"}).out, "nmr/2026-01-01_00-00-00\n");
}

TEST_F(PruneCommandTest, WithoutARuleNothingIsRemoved) {
  const Said said = say({"prune"});
  EXPECT_EQ(said.code, 4);
  EXPECT_TRUE(has(said.err, "--runs 10, --age 90d or --size 500Gi")) << said.err;
  EXPECT_EQ(say({"prune", "--age", "old"}).code, 4);
  EXPECT_EQ(say({"prune", "--size", "-1"}).code, 4);
  EXPECT_EQ(say({"prune", "nmx", "--runs", "1"}).code, 8);
  EXPECT_EQ(say({"keep", "nmr/none"}).code, 8);
}

TEST_F(PruneCommandTest, IsRefusedWhileAControllerHoldsTheVolumeAndMarkingIsNot) {
  const auto lock = runs_[0]->volume().lock({1, "box", false, {{"nmr", runs_[0]->run_id()}}});
  ASSERT_TRUE(lock);
  EXPECT_EQ(say({"prune", "--runs", "1"}).code, 6);
  EXPECT_EQ(say({"prune", "--runs", "1", "--dry-run"}).code, 0);
  EXPECT_EQ(say({"keep", "nmr/2026-01-02_00-00-00"}).code, 0);
}

}  // namespace
}  // namespace studyctl
