#include "store/catalog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/temporary_directory.h"
#include "store/run_events.h"
#include "store/sqlite.h"
#include "store/sqlite_journal.h"

namespace studyctl {
namespace {

class CatalogTest : public testing::Test {
 protected:
  SqliteJournal write(const RunEvents& story, const RunRecord& run = run_record()) {
    Result<SqliteJournal> journal = SqliteJournal::create(database_, run, facts_of);
    EXPECT_TRUE(journal) << journal.error().message;
    for (const Event& event : story.all) journal->append(event);
    EXPECT_TRUE(journal->commit());
    return std::move(*journal);
  }
  Catalog open() {
    Result<Catalog> catalog = Catalog::open(database_);
    EXPECT_TRUE(catalog) << catalog.error().message;
    return std::move(*catalog);
  }
  std::vector<uint64_t> indices(const RepetitionFilter& filter) {
    std::vector<uint64_t> found;
    const Result<void> done = open().repetitions(kRunId, filter, [&](const RepetitionSummary& row) {
      found.push_back(row.key.index);
      return true;
    });
    EXPECT_TRUE(done) << done.error().message;
    return found;
  }

  TemporaryDirectory directory_;
  std::filesystem::path database_ = directory_.path() / "studies.db";
};

RunEvents mixed_story() {
  RunEvents story;
  story.begin(5, 2);
  story.succeed(attempt_of(0));
  story.fail(attempt_of(1), Reason::Timeout, Verdict::Failed);
  story.fail(attempt_of(2), Reason::Error, Verdict::Failed);
  story.start(attempt_of(3));
  story.succeed(attempt_of(0, 2));
  return story;
}

TEST_F(CatalogTest, FindsRepetitionsByStateReasonExperimentAndCycle) {
  write(mixed_story());
  using Indices = std::vector<uint64_t>;
  EXPECT_EQ(indices({}), (Indices{0, 1, 2, 3, 0}));
  EXPECT_EQ(indices({.states = {RepetitionState::Failed}}), (Indices{1, 2}));
  EXPECT_EQ(indices({.states = {RepetitionState::Failed, RepetitionState::Running}}), (Indices{1, 2, 3}));
  EXPECT_EQ(indices({.states = {RepetitionState::Failed}, .reasons = {Reason::Timeout}}), (Indices{1}));
  EXPECT_EQ(indices({.experiment = "water-0000000000000002"}), (Indices{2}));
  EXPECT_EQ(indices({.experiment = "water-"}).size(), 5u);
  EXPECT_EQ(indices({.experiment = "nothing"}), Indices{});
  EXPECT_EQ(indices({.cycle = 2}), (Indices{0}));
  EXPECT_EQ(indices({.limit = 2}), (Indices{0, 1}));
}

TEST_F(CatalogTest, ReadsPageByPageAndEndsWhenTold) {
  RunEvents story;
  story.begin(2000);
  for (uint64_t i = 0; i < 1300; ++i) story.succeed(attempt_of(i));
  write(story);
  EXPECT_EQ(indices({}).size(), 1300u);
  int seen = 0;
  int64_t last = 0;
  ASSERT_TRUE(open().repetitions(kRunId, {}, [&](const RepetitionSummary& row) {
    last = row.id;
    return ++seen < 700;
  }));
  EXPECT_EQ(seen, 700);
  EXPECT_EQ(indices({.after = last}).size(), 600u);
}

TEST_F(CatalogTest, TellsAllAttemptsOfARepetition) {
  RunEvents story;
  story.begin(1);
  story.fail(attempt_of(0), Reason::OOMKilled, Verdict::Retry);
  story.succeed(attempt_of(0, 1, 2));
  write(story);
  const auto attempts = open().attempts(kRunId, "water-0000000000000000", 1);
  ASSERT_TRUE(attempts) << attempts.error().message;
  ASSERT_EQ(attempts->size(), 2u);
  const AttemptSummary& first = attempts->at(0);
  EXPECT_EQ(first.state, "Retry");
  EXPECT_EQ(first.reason, Reason::OOMKilled);
  EXPECT_EQ(first.exit_code, 3);
  EXPECT_EQ(first.message, "it went wrong");
  EXPECT_EQ(first.warnings, std::vector<std::string>{"metric energy: out.dat: no such file"});
  EXPECT_EQ(first.devices, std::vector<std::string>{"GPU 0"});
  EXPECT_EQ(first.cpus, "0-3");
  EXPECT_EQ(first.image_digest, "sha256:abc");
  const AttemptSummary& second = attempts->at(1);
  EXPECT_EQ(second.state, "Succeeded");
  ASSERT_EQ(second.metrics.size(), 1u);
  EXPECT_EQ(second.metrics[0].name, "energy");
  EXPECT_EQ(second.duration, Duration(1500));
}

TEST_F(CatalogTest, AnAttemptThatNeverRanHasNoExitCode) {
  RunEvents story;
  story.begin(1);
  story.add(AttemptIntended{attempt_of(0), ""});
  AttemptEnded end;
  end.key = attempt_of(0);
  end.reason = Reason::ImagePull;
  end.verdict = Verdict::Failed;
  story.add(end);
  write(story);
  const auto attempts = open().attempts(kRunId, "water-0000000000000000", 1);
  ASSERT_TRUE(attempts && attempts->size() == 1);
  EXPECT_EQ(attempts->at(0).exit_code, std::nullopt);
  EXPECT_EQ(attempts->at(0).started_at, std::nullopt);
  EXPECT_EQ(attempts->at(0).finished_at, story.all.back().at);
}

TEST_F(CatalogTest, FindsARunByItsIdABeginningOrItsDirectory) {
  const std::string other = "0f8f0000-d9cb-469f-a165-70867728950e";
  write(mixed_story());
  RunRecord later = run_record(other);
  later.directory = "nmr/2026-11-23_00-00-00";
  write({}, later);
  write({}, run_record("22222222-d9cb-469f-a165-70867728950e", "screening"));
  Catalog catalog = open();
  EXPECT_EQ(catalog.run(kRunId)->record.id, kRunId);
  EXPECT_EQ(catalog.run("0f8fa")->record.id, kRunId);
  EXPECT_EQ(catalog.run("nmr/2026-11-23_00-00-00")->record.id, other);
  EXPECT_EQ(catalog.run("0f8f").error().code, ErrorCode::Invalid);
  EXPECT_EQ(catalog.run("77").error().code, ErrorCode::NotFound);
  EXPECT_EQ(catalog.latest("nmr")->record.id, other);
  EXPECT_EQ(catalog.latest("none").error().code, ErrorCode::NotFound);
  EXPECT_EQ(catalog.runs()->size(), 3u);
  EXPECT_EQ(catalog.runs("nmr")->size(), 2u);
  EXPECT_EQ(*catalog.manifest(kRunId), "{}");
}

TEST_F(CatalogTest, TellsWhoAskedForWhat) {
  RunEvents story = mixed_story();
  story.add(CommandAccepted{"uid 1000 pid 4711", "pause"});
  story.add(CommandAccepted{"SIGINT", "stop"});
  write(story);
  const auto commands = open().commands(kRunId);
  ASSERT_TRUE(commands);
  ASSERT_EQ(commands->size(), 2u);
  EXPECT_EQ(commands->at(0).who, "uid 1000 pid 4711");
  EXPECT_EQ(commands->at(1).command, "stop");
}

TEST_F(CatalogTest, AddsUpTimeCoresAndDevices) {
  write(mixed_story());
  const Result<Catalog::Usage> usage = open().usage(kRunId);
  ASSERT_TRUE(usage);
  EXPECT_DOUBLE_EQ(usage->wall_seconds, 1.5 + 2.5 + 2.5 + 1.5);
  EXPECT_DOUBLE_EQ(usage->core_seconds, 2 * usage->wall_seconds);
  EXPECT_DOUBLE_EQ(usage->device_seconds, usage->wall_seconds);
  EXPECT_FALSE(usage->cpu_seconds || usage->memory_peak);
}

TEST_F(CatalogTest, AddsUpWhatWasCountedOfAttemptsThatNobodyLookedAt) {
  RunEvents story;
  story.begin(2);
  for (const uint64_t index : {0, 1}) {
    story.start(attempt_of(index));
    AttemptEnded end;
    end.key = attempt_of(index);
    end.duration = std::chrono::milliseconds(100);
    end.conditions.cpu_seconds = 0.25;
    end.conditions.memory_peak = (index + 1) << 20;
    story.add(std::move(end));
  }
  write(story);
  const Result<Catalog::Usage> usage = open().usage(kRunId);
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->cpu_seconds, 0.5);
  EXPECT_EQ(usage->memory_peak, 2 << 20);
  std::vector<std::optional<double>> peaks;
  ASSERT_TRUE(open().usages(kRunId, [&](const Catalog::ExperimentUsage& one) {
    EXPECT_EQ(one.usage.cpu_seconds, 0.25);
    peaks.push_back(one.usage.memory_peak);
  }));
  EXPECT_EQ(peaks, (std::vector<std::optional<double>>{1 << 20, 2 << 20}));
}

TEST_F(CatalogTest, TheViewJobsHasWhatIsPromised) {
  write(mixed_story());
  auto studies = Sqlite::open(database_, Sqlite::Mode::Read);
  ASSERT_TRUE(studies);
  Rows row = (*studies)->query(
      "SELECT id, run, experiment, cycle, state, reason, fail_count, attempt, job_dir, error_message, "
      "wall_time, n_cores, "
      "created_at, updated_at, parameters, exit_code, devices, image_digest, started_at, finished_at "
      "FROM jobs WHERE state = 'Failed' AND reason = 'Timeout' AND created_at > '2026-11-22'");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.text(1), kRunId);
  EXPECT_EQ(row.text(2), "water-0000000000000001");
  EXPECT_EQ(row.integer(6), 1);
  EXPECT_EQ(row.text(8), "nmr/2026-11-22_00-00-00/experiments/00/water-0000000000000001/cycle-1");
  EXPECT_EQ(row.text(9), "it went wrong");
  EXPECT_EQ(row.real(10), 2.5);
  EXPECT_EQ(row.real(11), 2);
  EXPECT_EQ(row.text(12), "2026-11-22T00:00:07.000Z");
  EXPECT_EQ(row.text(14), R"({"level":1,"molecule":"water"})");
  EXPECT_EQ(row.integer(15), 3);
  EXPECT_EQ(row.text(16), R"(["GPU 0"])");
  EXPECT_FALSE(row.next());
}

TEST_F(CatalogTest, NothingIsFoundWhereNothingWasApplied) {
  const Result<Catalog> catalog = Catalog::open(database_);
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::NotFound);
}

TEST_F(CatalogTest, ReadersSeeWholeCommitsWhileAWriterWrites) {
  RunEvents story;
  story.begin(1000);
  SqliteJournal journal = write(story);
  std::atomic<bool> done = false;
  std::thread reader([&] {
    uint64_t last = 0;
    while (!done) {
      const Result<RunSummary> run = open().run(kRunId);
      ASSERT_TRUE(run) << run.error().message;
      const uint64_t succeeded = run->counts[static_cast<size_t>(RepetitionState::Succeeded)];
      EXPECT_GE(succeeded, last);
      EXPECT_EQ(run->counts[static_cast<size_t>(RepetitionState::Running)], 0u);
      last = succeeded;
    }
  });
  for (uint64_t i = 0; i < 500; ++i) {
    const size_t first = story.all.size();
    story.succeed(attempt_of(i));
    for (size_t e = first; e < story.all.size(); ++e) journal.append(story.all[e]);
    EXPECT_TRUE(journal.commit());
  }
  done = true;
  reader.join();
  EXPECT_EQ(indices({}).size(), 500u);
}

TEST_F(CatalogTest, RunsWithoutTheirDatabaseAreNoEmptyVolume) {
  const ResultsVolume volume = *ResultsVolume::open(directory_.path());
  EXPECT_EQ(Catalog::of(volume).error().code, ErrorCode::NotFound);
  const auto run = directory_.path() / "nmr" / "2026-11-22_14-30-05";
  std::filesystem::create_directories(run);
  std::ofstream(run / "study_manifest.json") << "{}";
  EXPECT_EQ(Catalog::of(volume).error().code, ErrorCode::NotFound) << "a crash left it before it began";
  std::ofstream(run / "progress.jsonl") << "{}\n";
  const Result<Catalog> catalog = Catalog::of(volume);
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::Unavailable);
  EXPECT_NE(catalog.error().message.find("`studyctl doctor --rebuild`"), std::string::npos);
  write(mixed_story());
  EXPECT_TRUE(Catalog::of(volume));
}

}  // namespace
}  // namespace studyctl
