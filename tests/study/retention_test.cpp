#include "study/retention.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/keep_mark.h"
#include "store/killed_child.h"
#include "store/trash.h"
#include "study/applied_study.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;

constexpr Instant kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
constexpr Retention kNewestTwo{.runs = 2, .age = {}, .bytes = {}};

// Runs "0" (the newest), "1", …, which ended a day apart.
std::vector<KeptRun> runs_of(std::vector<int64_t> bytes) {
  std::vector<KeptRun> runs;
  for (size_t i = 0; i < bytes.size(); ++i)
    runs.push_back({std::to_string(i), kNow - days(i + 1), bytes[i], "", {}});
  return runs;
}

// "2 1": in the order in which they go.
std::string going(const std::vector<KeptRun>& runs, const Retention& rules) {
  std::string text;
  for (const RetentionVerdict& verdict : judge(runs, rules, kNow))
    if (verdict.goes) text += (text.empty() ? "" : " ") + runs[verdict.run].directory;
  return text;
}

TEST(Retention, WithoutARuleEverythingStays) {
  EXPECT_EQ(going(runs_of({9, 9, 9}), {}), "");
}

TEST(Retention, TheNewestStayAndOlderOnesGoOldestFirst) {
  EXPECT_EQ(going(runs_of({1, 1, 1, 1}), kNewestTwo), "3 2");
  EXPECT_EQ(going(runs_of({1, 1}), kNewestTwo), "");
}

TEST(Retention, WhatEndedLongAgoGoesButTheNewestStaysHoweverOld) {
  const Retention rules{.runs = {}, .age = days(2), .bytes = {}};
  EXPECT_EQ(going(runs_of({1, 1, 1}), rules), "2");
  EXPECT_EQ(going(runs_of({1}), {.runs = {}, .age = std::chrono::hours(1), .bytes = {}}), "");
}

TEST(Retention, AsManyGoAsItTakesToFit) {
  const Retention rules{.runs = {}, .age = {}, .bytes = 10};
  EXPECT_EQ(going(runs_of({4, 4, 4, 4}), rules), "3 2");
  EXPECT_EQ(going(runs_of({4, 6}), rules), "");
  EXPECT_EQ(going(runs_of({50, 1}), rules), "1");
}

TEST(Retention, WhatIsSparedCountsAndStaysAndIsSaid) {
  std::vector<KeptRun> runs = runs_of({4, 4, 4, 4});
  runs[3].spared = "it is marked";
  EXPECT_EQ(going(runs, {.runs = {}, .age = {}, .bytes = 10}), "2 1");
  const auto verdicts = judge(runs, kNewestTwo, kNow);
  ASSERT_EQ(verdicts.size(), 2u);
  EXPECT_FALSE(verdicts[1].goes);
  EXPECT_EQ(verdicts[1].run, 3u);
  EXPECT_EQ(verdicts[1].why, "it is marked");
}

TEST(Retention, WhatCachedResultsAreFromStaysAsLongAsTheyDo) {
  std::vector<KeptRun> runs = runs_of({1, 1, 1, 1});
  runs[1].sources = {"3"};
  EXPECT_EQ(going(runs, kNewestTwo), "2");
  runs[1].sources = {};
  runs[2].sources = {"3"};
  EXPECT_EQ(going(runs, kNewestTwo), "2 3");  // what held it goes too
  runs[2].spared = "it is on";
  EXPECT_EQ(going(runs, kNewestTwo), "");
}

TEST(Retention, IsReadFromAManifestAndWrittenAgain) {
  const auto read = read_manifest(kNmr + "  retention: {runs: 10, age: 90d, size: 500Gi}\n", "study.yaml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->retention.runs, 10);
  EXPECT_EQ(read->retention.age, days(90));
  EXPECT_EQ(read->retention.bytes, int64_t{500} << 30);
  const auto again = read_manifest(to_yaml(*read), "again.yaml");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->retention.bytes, read->retention.bytes);
  EXPECT_EQ(design_json(*again), design_json(*read_manifest(kNmr, "study.yaml")));
}

class PruneTest : public testing::Test {
 protected:
  // Runs of `nmr`, the last one the newest.
  void apply(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      runs_.push_back(std::make_unique<AppliedStudy>(results_, kNmr, kNow + days(runs_.size())));
      runs_.back()->succeed({{1, 0, 1}, 1});
      runs_.back()->change(RunState::Stopped);
    }
  }
  const ResultsVolume& volume() { return runs_.front()->volume(); }
  fs::path path(size_t run) { return runs_.at(run)->directory().path(); }
  void prune_to(
      int64_t newest, const std::function<void()>& before_each = [] {}) {
    const auto plan = plan_prune(volume(), {.runs = newest, .age = {}, .bytes = {}}, "nmr", {});
    ASSERT_TRUE(plan) << plan.error().message;
    const auto pruned = prune(volume(), *plan, [&](const PrunedRun&) { before_each(); });
    ASSERT_TRUE(pruned) << pruned.error().message;
  }
  size_t rows() { return Catalog::open(volume().database())->runs("nmr")->size(); }

  TemporaryDirectory home_;
  fs::path results_ = home_.path() / "results";
  std::vector<std::unique_ptr<AppliedStudy>> runs_;
};

TEST_F(PruneTest, OldRunsGoWithTheirFilesAndRows) {
  apply(4);
  prune_to(2);
  EXPECT_EQ(rows(), 2u);
  EXPECT_FALSE(fs::exists(path(1)));
  EXPECT_TRUE(fs::exists(path(2)));
  EXPECT_FALSE(has_trash(volume()));
  EXPECT_EQ(fs::read_symlink(results_ / "nmr/latest"), path(3).filename());
}

TEST_F(PruneTest, WhatIsMarkedStaysAlsoWhenItWasMarkedAfterTheDecision) {
  apply(4);
  ASSERT_TRUE(set_keep_mark(volume(), path(0), "for the paper"));
  const auto plan = plan_prune(volume(), {.runs = 1, .age = {}, .bytes = {}}, "", {});
  ASSERT_TRUE(set_keep_mark(volume(), path(1), "this too"));
  ASSERT_TRUE(prune(volume(), *plan, [](const PrunedRun&) {}));
  EXPECT_TRUE(fs::exists(path(0)));
  EXPECT_TRUE(fs::exists(path(1)));
  EXPECT_FALSE(fs::exists(path(2)));
  EXPECT_EQ(rows(), 3u);
  ASSERT_TRUE(clear_keep_mark(volume(), path(0)));
  prune_to(1);
  EXPECT_FALSE(fs::exists(path(0)));
}

TEST_F(PruneTest, WhatCachedResultsAreFromStays) {
  apply(2);
  runs_.push_back(std::make_unique<AppliedStudy>(results_, kNmr, kNow + days(9)));
  runs_.back()->cache({{1, 0, 1}, 1}, runs_[0]->directory().name_in_volume(), -76.5);
  prune_to(1);
  EXPECT_TRUE(fs::exists(path(0)));
  EXPECT_FALSE(fs::exists(path(1)));
}

TEST_F(PruneTest, WhatIsOnStays) {
  apply(3);
  const auto plan = plan_prune(volume(), {.runs = 1, .age = {}, .bytes = {}}, "nmr", {runs_[0]->run_id()});
  ASSERT_EQ(plan->size(), 2u);
  EXPECT_FALSE(plan->back().goes);
  EXPECT_EQ(plan->back().why, "it is on");
}

TEST_F(PruneTest, SizeIsWhatIsOnDisk) {
  apply(3);
  std::ofstream(path(1) / "big") << std::string(1 << 20, 'x');
  fs::create_hard_link(path(1) / "big", path(1) / "again");
  fs::create_symlink("/usr", path(1) / "elsewhere");
  const RunSummary run = *Catalog::open(volume().database())->run(runs_[1]->run_id());
  EXPECT_GT(size_on_disk(volume(), run.record), 1 << 20);
  EXPECT_LT(size_on_disk(volume(), run.record), 3 << 19);
  const auto plan = plan_prune(volume(), {.runs = {}, .age = {}, .bytes = 1 << 20}, "nmr", {});
  EXPECT_EQ(plan->size(), 2u);
}

// Wherever it is killed, each run is whole or is gone once somebody has taken the volume again.
TEST_F(PruneTest, AKillLeavesEachRunWholeOrGone) {
  apply(40);
  size_t kills = 0;
  while (rows() > 1 && kills < 200) {
    kill_after(1, [&](const std::function<void()>& report) { prune_to(1, report); });
    ++kills;
    ASSERT_TRUE(finish_removals(volume()));
    for (const auto& run : runs_) {
      const auto catalog = Catalog::open(volume().database());
      const bool has_rows(catalog->run(run->run_id()));
      ASSERT_EQ(fs::exists(run->directory().path() / "study_manifest.json"), has_rows);
    }
  }
  EXPECT_GT(kills, 1u);
  ASSERT_TRUE(empty_trash(volume()));
  EXPECT_FALSE(has_trash(volume()));
}

TEST_F(PruneTest, ARemovalThatNeverCameToPassIsForgotten) {
  apply(2);
  fs::create_directory(volume().private_directory() / "removals");
  std::ofstream(volume().private_directory() / "removals" / runs_[0]->run_id())
      << runs_[0]->directory().name_in_volume();
  ASSERT_TRUE(finish_removals(volume()));
  EXPECT_TRUE(fs::exists(path(0)));
  EXPECT_EQ(rows(), 2u);
  EXPECT_FALSE(has_trash(volume()));
}

TEST_F(PruneTest, ARemovalWhoseRowsAreGoneIsFinished) {
  apply(2);
  fs::create_directory(volume().private_directory() / "removals");
  std::ofstream(volume().private_directory() / "removals" / runs_[1]->run_id())
      << runs_[1]->directory().name_in_volume();
  ASSERT_TRUE(delete_run(volume().database(), runs_[1]->run_id()));
  ASSERT_TRUE(finish_removals(volume()));
  EXPECT_FALSE(fs::exists(path(1)));
  EXPECT_EQ(fs::read_symlink(results_ / "nmr/latest"), path(0).filename());
}

}  // namespace
}  // namespace studyctl
