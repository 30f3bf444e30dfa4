#include "store/rebuild.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"
#include "model/ledger.h"
#include "store/attempt_record.h"
#include "store/catalog.h"
#include "store/publisher.h"
#include "store/run_directory.h"
#include "store/run_events.h"
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

class RebuildTest : public testing::Test {
 protected:
  // A run whose files are on disk as after `story`.
  RunDirectory write(const RunEvents& story) {
    Result<RunDirectory> run = RunDirectory::create(directory_.path(), "nmr", kStart);
    EXPECT_TRUE(run);
    EXPECT_TRUE(write_run_manifest(
        run->path(), {kRunId, "nmr", "designhash", kStart, "kind: Study", "study.yaml", {}, {}, {}}));
    Result<SqliteJournal> journal = SqliteJournal::create(database_, run_record(), facts_of);
    Result<Publisher> publisher = Publisher::open(run->path(), {}, facts_of);
    EXPECT_TRUE(journal && publisher);
    for (const Event& event : story.all) {
      journal->append(event);
      publisher->publish(event);
      if (const auto* end = std::get_if<AttemptEnded>(&event.fact)) record(*run, *end, story);
    }
    EXPECT_TRUE(journal->commit() && publisher->flush());
    return std::move(*run);
  }
  static void record(const RunDirectory& run, const AttemptEnded& end, const RunEvents& story) {
    const ExperimentFacts facts = facts_of(end.key.repetition);
    AttemptRecord made;
    made.key = end.key;
    made.experiment = facts.experiment;
    made.identity = facts.identity;
    made.parameters = facts.parameters;
    made.cores = facts.cores;
    made.engine = "Docker 20.10.24 (API 1.41)";
    made.endpoint = "unix:///var/run/docker.sock";
    made.reason = end.reason;
    made.verdict = end.verdict;
    made.counted = end.counted;
    made.exit_code = end.exit_code;
    made.message = end.message;
    made.duration = end.duration;
    made.metrics = end.metrics;
    made.warnings = end.warnings;
    made.conditions = end.conditions;
    made.grown = end.grown;
    for (const Event& event : story.all) {
      if (const auto* starting = std::get_if<AttemptStarting>(&event.fact);
          starting && starting->key == end.key) {
        made.container = starting->container;
        made.image_digest = starting->image_digest;
        made.devices = starting->devices;
      }
      if (const auto* running = std::get_if<AttemptRunning>(&event.fact); running && running->key == end.key)
        made.started_at = running->started_at;
    }
    const AttemptPlace place{facts.experiment, end.key.repetition.cycle, end.key.attempt};
    const Result<fs::path> files = run.begin_attempt(place, std::nullopt);
    EXPECT_TRUE(files && write_attempt(*files, made));
    EXPECT_TRUE(run.finish_attempt(
        place, end.verdict == Verdict::Succeeded ? AttemptFiles::Published : AttemptFiles::Failed));
  }
  // What people see, whole.
  std::string view() {
    Result<Catalog> catalog = Catalog::open(database_);
    EXPECT_TRUE(catalog) << catalog.error().message;
    std::string text;
    const Result<RunSummary> run = catalog->run(kRunId);
    EXPECT_TRUE(run) << run.error().message;
    text += std::string(name_of(run->state)) + " " + run->message + " " + std::to_string(run->total) + " " +
            run->record.design_hash + "\n";
    for (const uint64_t count : run->counts) text += std::to_string(count) + " ";
    EXPECT_TRUE(catalog->repetitions(kRunId, {}, [&](const RepetitionSummary& row) {
      text += "\n" + row.experiment + row.parameters + std::to_string(row.key.cycle) +
              std::string(name_of(row.state)) + std::to_string(row.fail_count) + " " +
              std::to_string(row.attempt) + row.message;
      const auto attempts = catalog->attempts(kRunId, row.experiment, row.key.cycle);
      for (const AttemptSummary& attempt : *attempts) {
        text += "\n  " + attempt.state + attempt.container + attempt.image_digest + attempt.message +
                std::to_string(attempt.exit_code.value_or(-1)) + std::to_string(attempt.duration.count());
        for (const std::string& device : attempt.devices) text += device;
        for (const std::string& flag : attempt.flags) text += flag;
        for (const MetricValue& metric : attempt.metrics)
          text += metric.name + std::to_string(metric.value) + metric.unit;
        if (attempt.started_at) text += std::to_string(attempt.started_at->time_since_epoch().count());
      }
      return true;
    }));
    const auto conditions = Sqlite::open(database_, Sqlite::Mode::Read);
    Rows row = (*conditions)->query("SELECT conditions, flags FROM jobs");
    while (row.next()) text += "\n" + row.string(0) + row.string(1);
    return text;
  }

  TemporaryDirectory directory_;
  fs::path database_ = directory_.path() / "studies.db";
};

RunEvents story_of_a_run() {
  RunEvents story;
  story.begin(6, 2);
  story.succeed(attempt_of(0));
  story.fail(attempt_of(1), Reason::Timeout, Verdict::Retry);
  story.fail(attempt_of(1, 1, 2), Reason::Error, Verdict::Failed);
  story.fail(attempt_of(2), Reason::Error, Verdict::Infeasible);
  story.fail(attempt_of(3), Reason::Interrupted, Verdict::Withdrawn);
  story.add(RepetitionReset{{1, 1, 1}});
  story.succeed(attempt_of(1, 1, 3));
  story.succeed(attempt_of(0, 2));
  story.add(RunStateChanged{RunState::Stopping, "STOP file"});
  story.add(RunStateChanged{RunState::Stopped, "STOP file"});
  return story;
}

TEST_F(RebuildTest, MakesTheSameDatabaseAgain) {
  write(story_of_a_run());
  const std::string before = view();
  fs::remove(database_);
  const Result<RebuildReport> report = rebuild_database(directory_.path(), database_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->runs, 1u);
  EXPECT_TRUE(report->warnings.empty()) << report->warnings.front();
  EXPECT_EQ(view(), before);
  EXPECT_NE(before.find("throttleddisturbed"), std::string::npos);
  EXPECT_NE(before.find(R"({"samples":2)"), std::string::npos);
}

TEST_F(RebuildTest, TheRebuiltRunGoesOn) {
  RunEvents story = story_of_a_run();
  const RunDirectory run = write(story);
  ASSERT_TRUE(rebuild_database(directory_.path(), database_));
  Result<SqliteJournal> journal = SqliteJournal::open(database_, kRunId, facts_of);
  ASSERT_TRUE(journal) << journal.error().message;
  EXPECT_TRUE(journal->fix_engine("docker", "unix:///var/run/docker.sock"));
  EXPECT_FALSE(journal->fix_engine("podman", "unix:///run/podman/podman.sock"));
  Ledger ledger;
  Result<Publisher> publisher = Publisher::open(run.path(), *journal->checkpoints(), facts_of);
  ASSERT_TRUE(publisher);
  const auto lines = [&] { return fs::file_size(run.path() / "progress.jsonl"); };
  const uintmax_t length = lines();
  ASSERT_TRUE(journal->replay([&](const Event& event) {
    ledger.apply(event);
    publisher->publish(event);
  }));
  ASSERT_TRUE(publisher->flush());
  EXPECT_TRUE(ledger.check());
  EXPECT_EQ(ledger.run_state(), RunState::Stopped);
  EXPECT_EQ(ledger.count(RepetitionState::Succeeded), 3u);
  EXPECT_EQ(lines(), length);
  EXPECT_EQ(journal->last_seq(), story.all.back().seq);
}

TEST_F(RebuildTest, ATornTailIsIgnored) {
  const RunDirectory run = write(story_of_a_run());
  const std::string before = view();
  std::ofstream(run.path() / "progress.jsonl", std::ios::app) << R"({"seq":1000,"at":"2026-)";
  const Result<RebuildReport> report = rebuild_database(directory_.path(), database_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->warnings.size(), 1u);
  EXPECT_EQ(view(), before);
}

TEST_F(RebuildTest, AnAttemptWithoutARecordIsNamed) {
  const RunDirectory run = write(story_of_a_run());
  fs::remove_all(run.ended({"water-0000000000000002", 1, 1}, AttemptFiles::Failed));
  const Result<RebuildReport> report = rebuild_database(directory_.path(), database_);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->warnings.size(), 1u);
  EXPECT_NE(report->warnings[0].find("water-0000000000000002 cycle 1 attempt 1"), std::string::npos);
  Result<Catalog> catalog = Catalog::open(database_);
  EXPECT_EQ(catalog->run(kRunId)->counts[static_cast<size_t>(RepetitionState::Infeasible)], 1u);
}

TEST_F(RebuildTest, ADamagedDatabaseIsKeptBeside) {
  write(story_of_a_run());
  const std::string before = view();
  std::ofstream(database_, std::ios::trunc) << "damaged";
  ASSERT_TRUE(rebuild_database(directory_.path(), database_));
  EXPECT_EQ(view(), before);
  EXPECT_EQ(fs::file_size(database_.string() + ".old"), 7u);
}

TEST_F(RebuildTest, ACopyOfARunIsLeftOut) {
  const RunDirectory run = write(story_of_a_run());
  const std::string before = view();
  fs::copy(run.path(), run.path().parent_path() / "zz-copy", fs::copy_options::recursive);
  const Result<RebuildReport> report = rebuild_database(directory_.path(), database_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->warnings.size(), 1u);
  EXPECT_EQ(view(), before);
}

TEST_F(RebuildTest, WithoutRunsTheOldDatabaseStays) {
  std::ofstream(database_) << "old";
  EXPECT_EQ(rebuild_database(directory_.path(), database_).error().code, ErrorCode::NotFound);
  EXPECT_EQ(fs::file_size(database_), 3u);
}

}  // namespace
}  // namespace studyctl
