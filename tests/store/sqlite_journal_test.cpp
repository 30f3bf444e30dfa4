#include "store/sqlite_journal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <random>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "model/ledger.h"
#include "store/catalog.h"
#include "store/killed_child.h"
#include "store/publisher.h"
#include "store/run_events.h"
#include "store/small_disk.h"
#include "store/sqlite.h"

namespace studyctl {
namespace {

class SqliteJournalTest : public testing::Test {
 protected:
  SqliteJournal create(const RunRecord& run = run_record()) {
    Result<SqliteJournal> journal = SqliteJournal::create(database_, run, facts_of);
    EXPECT_TRUE(journal) << journal.error().message;
    return std::move(*journal);
  }
  SqliteJournal reopen(const std::string& id = kRunId) {
    Result<SqliteJournal> journal = SqliteJournal::open(database_, id, facts_of);
    EXPECT_TRUE(journal) << journal.error().message;
    return std::move(*journal);
  }
  static void commit(SqliteJournal& journal, const std::vector<Event>& events) {
    for (const Event& event : events) journal.append(event);
    const Result<void> done = journal.commit();
    EXPECT_TRUE(done) << done.error().message;
  }
  static std::vector<Event> replayed(SqliteJournal& journal) {
    std::vector<Event> events;
    const Result<void> done = journal.replay([&](const Event& event) { events.push_back(event); });
    EXPECT_TRUE(done) << done.error().message;
    return events;
  }
  RunSummary summary() {
    Result<Catalog> catalog = Catalog::open(database_);
    EXPECT_TRUE(catalog) << catalog.error().message;
    Result<RunSummary> run = catalog->run(kRunId);
    EXPECT_TRUE(run) << run.error().message;
    return *run;
  }
  std::vector<RepetitionSummary> repetitions(const RepetitionFilter& filter = {}) {
    Result<Catalog> catalog = Catalog::open(database_);
    std::vector<RepetitionSummary> found;
    EXPECT_TRUE(catalog && catalog->repetitions(kRunId, filter, [&](const RepetitionSummary& repetition) {
      found.push_back(repetition);
      return true;
    }));
    return found;
  }

  TemporaryDirectory directory_;
  std::filesystem::path database_ = directory_.path() / "studies.db";
};

template <class FactType>
const FactType& fact_at(const std::vector<Event>& events, size_t i) {
  return std::get<FactType>(events.at(i).fact);
}

TEST_F(SqliteJournalTest, ReplaysEveryKindOfEventAsItWasCommitted) {
  RunEvents story;
  story.add(GenerationOpened{1, 3, 2});
  story.add(RunStateChanged{RunState::Stopping, "STOP file", RunState::Paused});
  story.add(AttemptIntended{attempt_of(2, 2, 7), "0-3,8"});
  story.add(
      AttemptStarting{attempt_of(2, 2, 7), "c0ffee", "sha256:1", {"GPU 0", "a \"quoted\", one", "GPU 2"}});
  story.add(AttemptRunning{attempt_of(2, 2, 7), kStart + std::chrono::milliseconds(123)});
  story.add(AttemptStopping{attempt_of(2, 2, 7), Reason::Stalled, "no output for 10m"});
  AttemptEnded end{attempt_of(2, 2, 7),
                   Reason::Stalled,
                   Verdict::Retry,
                   false,
                   Duration(10'000),
                   137,
                   Duration(61'001),
                   "no output for 10m",
                   {{"energy", -76.5, "Eh"}, {"broken", std::nan(""), ""}},
                   {"a warning", "ünïcode"}};
  end.conditions.flags = {"throttled", "disturbed"};
  end.grown = {int64_t{1} << 30, Duration(7'200'000)};
  story.add(end);
  story.add(RepetitionReset{{1, 1, 2}});
  story.add(CommandAccepted{"uid 1000 pid 4711", "stop"});
  story.add(CooldownBegan{Duration(60'000), true, {"nvidia.com/gpu=0"}});
  story.add(ThresholdRebased{});
  {
    SqliteJournal journal = create();
    commit(journal, story.all);
  }
  SqliteJournal journal = reopen();
  const std::vector<Event> events = replayed(journal);
  ASSERT_EQ(events.size(), story.all.size());
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].seq, i + 1);
    EXPECT_EQ(events[i].at, story.all[i].at);
    EXPECT_EQ(events[i].fact.index(), story.all[i].fact.index());
  }
  EXPECT_EQ(fact_at<GenerationOpened>(events, 0).experiments, 3u);
  EXPECT_EQ(fact_at<GenerationOpened>(events, 0).cycles, 2u);
  EXPECT_EQ(fact_at<RunStateChanged>(events, 1).state, RunState::Stopping);
  EXPECT_EQ(fact_at<RunStateChanged>(events, 1).then, RunState::Paused);
  EXPECT_EQ(fact_at<RunStateChanged>(events, 1).message, "STOP file");
  EXPECT_EQ(fact_at<AttemptIntended>(events, 2).key, attempt_of(2, 2, 7));
  EXPECT_EQ(fact_at<AttemptIntended>(events, 2).cpus, "0-3,8");
  EXPECT_EQ(fact_at<AttemptStarting>(events, 3).container, "c0ffee");
  EXPECT_EQ(fact_at<AttemptStarting>(events, 3).image_digest, "sha256:1");
  EXPECT_EQ(fact_at<AttemptStarting>(events, 3).devices, fact_at<AttemptStarting>(story.all, 3).devices);
  EXPECT_EQ(fact_at<AttemptRunning>(events, 4).started_at, kStart + std::chrono::milliseconds(123));
  EXPECT_EQ(fact_at<AttemptStopping>(events, 5).reason, Reason::Stalled);
  EXPECT_EQ(fact_at<AttemptStopping>(events, 5).message, "no output for 10m");
  const auto& ended = fact_at<AttemptEnded>(events, 6);
  EXPECT_EQ(ended.reason, Reason::Stalled);
  EXPECT_EQ(ended.verdict, Verdict::Retry);
  EXPECT_FALSE(ended.counted);
  EXPECT_EQ(ended.backoff, Duration(10'000));
  EXPECT_EQ(ended.exit_code, 137);
  EXPECT_EQ(ended.duration, Duration(61'001));
  EXPECT_EQ(ended.message, "no output for 10m");
  EXPECT_EQ(ended.warnings, end.warnings);
  EXPECT_EQ(ended.conditions.flags, end.conditions.flags);
  EXPECT_EQ(ended.grown, end.grown);
  ASSERT_EQ(ended.metrics.size(), 2u);
  EXPECT_EQ(ended.metrics[0].name, "energy");
  EXPECT_EQ(ended.metrics[0].value, -76.5);
  EXPECT_EQ(ended.metrics[0].unit, "Eh");
  EXPECT_TRUE(std::isnan(ended.metrics[1].value));
  EXPECT_EQ(fact_at<RepetitionReset>(events, 7).key, (RepetitionKey{1, 1, 2}));
  EXPECT_EQ(fact_at<CommandAccepted>(events, 8).who, "uid 1000 pid 4711");
  EXPECT_EQ(fact_at<CommandAccepted>(events, 8).command, "stop");
  EXPECT_EQ(fact_at<CooldownBegan>(events, 9).length, Duration(60'000));
  EXPECT_TRUE(fact_at<CooldownBegan>(events, 9).between_cycles);
  EXPECT_EQ(fact_at<CooldownBegan>(events, 9).devices, std::vector<std::string>{"nvidia.com/gpu=0"});
  EXPECT_EQ(journal.last_seq(), 11u);
}

TEST_F(SqliteJournalTest, ReplaysWhatChangesThePlanAsItWasCommitted) {
  RunEvents story;
  story.begin(3, 2);
  story.succeed(attempt_of(1));
  story.add(GenerationOpened{2, 4, 2});
  story.add(ExperimentCarried{1, 1, 3, 2});
  story.add(CyclesChanged{3});
  story.add(RepetitionAdded{{2, 3, 4}});
  story.add(RepetitionSkipped{{2, 0, 1}, "ann", "broken"});
  story.add(RepetitionCached{
      {{2, 2, 1}, 5}, "nmr/before", kStart, Duration(7), "sha256:2", {"GPU 1"}, {{"e", 1, "Eh"}}});
  story.add(PilotEnded{});
  {
    SqliteJournal journal = create();
    commit(journal, story.all);
  }
  SqliteJournal journal = reopen();
  const std::vector<Event> events = replayed(journal);
  ASSERT_EQ(events.size(), story.all.size());
  const auto& carried = fact_at<ExperimentCarried>(events, 7);
  EXPECT_EQ(std::tuple(carried.generation, carried.index, carried.to, carried.cycles),
            std::tuple(1u, 1u, 3u, 2u));
  EXPECT_EQ(fact_at<CyclesChanged>(events, 8).cycles, 3u);
  EXPECT_EQ(fact_at<RepetitionAdded>(events, 9).key, (RepetitionKey{2, 3, 4}));
  EXPECT_EQ(fact_at<RepetitionSkipped>(events, 10).key, (RepetitionKey{2, 0, 1}));
  EXPECT_EQ(fact_at<RepetitionSkipped>(events, 10).who, "ann");
  EXPECT_EQ(fact_at<RepetitionSkipped>(events, 10).why, "broken");
  const auto& cached = fact_at<RepetitionCached>(events, 11);
  EXPECT_EQ(cached.key, (AttemptKey{{2, 2, 1}, 5}));
  EXPECT_EQ(cached.run, "nmr/before");
  EXPECT_EQ(cached.started_at, kStart);
  EXPECT_EQ(cached.duration, Duration(7));
  EXPECT_EQ(cached.image_digest, "sha256:2");
  EXPECT_EQ(cached.devices, std::vector<std::string>{"GPU 1"});
  ASSERT_EQ(cached.metrics.size(), 1u);
  EXPECT_EQ(cached.metrics[0].name, "e");
  EXPECT_TRUE(std::holds_alternative<PilotEnded>(events[12].fact));
}

TEST_F(SqliteJournalTest, GoesOnWithADatabaseOfVersionOne) {
  RunEvents story;
  story.begin(3, 2);
  {
    SqliteJournal journal = create();
    commit(journal, story.all);
    auto studies = Sqlite::open(database_, Sqlite::Mode::Write);
    (*studies)->execute(
        "DROP TABLE messages; DROP TABLE notifications; DROP VIEW jobs; DROP VIEW job_metrics;"
        "ALTER TABLE runs DROP COLUMN experiments;"
        "ALTER TABLE runs DROP COLUMN cycles; ALTER TABLE runs DROP COLUMN changes;"
        "ALTER TABLE runs DROP COLUMN reuse_done;"
        "ALTER TABLE experiments DROP COLUMN cycles; ALTER TABLE repetitions DROP COLUMN note;"
        "ALTER TABLE repetitions DROP COLUMN source; ALTER TABLE attempts DROP COLUMN conditions;"
        "ALTER TABLE attempts DROP COLUMN flags; ALTER TABLE events DROP COLUMN memory;"
        "ALTER TABLE events DROP COLUMN timeout; PRAGMA user_version = 1");
    ASSERT_TRUE((*studies)->outcome());
  }
  EXPECT_EQ(summary().total, 6u);
  SqliteJournal journal = reopen();
  RunEvents more = story;
  more.succeed(attempt_of(1));
  commit(journal, {more.all.begin() + 2, more.all.end()});
  ASSERT_EQ(repetitions().size(), 1u);
  EXPECT_EQ(repetitions().front().state, RepetitionState::Succeeded);
}

TEST_F(SqliteJournalTest, WhatWasAppendedButNotCommittedIsGone) {
  RunEvents story;
  story.begin(1);
  {
    SqliteJournal journal = create();
    commit(journal, {story.all[0]});
    journal.append(story.all[1]);
  }
  SqliteJournal journal = reopen();
  EXPECT_EQ(replayed(journal).size(), 1u);
}

TEST_F(SqliteJournalTest, TheTablesSayWhatTheLedgerSays) {
  RunEvents story;
  story.begin(5, 2);
  story.succeed(attempt_of(0));
  story.fail(attempt_of(1), Reason::Error, Verdict::Retry);
  story.fail(attempt_of(1, 1, 2), Reason::OOMKilled, Verdict::Failed);
  story.fail(attempt_of(2), Reason::Error, Verdict::Infeasible);
  story.start(attempt_of(3, 2));
  story.add(AttemptIntended{attempt_of(4), ""});
  Ledger ledger;
  for (const Event& event : story.all) ledger.apply(event);
  SqliteJournal journal = create();
  for (const Event& event : story.all) commit(journal, {event});

  const RunSummary run = summary();
  EXPECT_EQ(run.state, RunState::Running);
  EXPECT_EQ(run.total, 10u);
  for (size_t i = 0; i < kRepetitionStates; ++i)
    EXPECT_EQ(run.counts[i], ledger.count(static_cast<RepetitionState>(i))) << i;
  const std::vector<RepetitionSummary> rows = repetitions();
  ASSERT_EQ(rows.size(), 5u);
  for (const RepetitionSummary& row : rows) {
    EXPECT_EQ(row.state, ledger.state(row.key));
    EXPECT_EQ(row.fail_count, ledger.troubles(row.key).failures);
  }
  EXPECT_EQ(rows[1].reason, Reason::OOMKilled);
  EXPECT_EQ(rows[1].attempt, 2u);
  EXPECT_EQ(rows[1].exit_code, 3);
  EXPECT_EQ(rows[1].message, "it went wrong");
  EXPECT_EQ(rows[3].job_dir, "nmr/2026-11-22_00-00-00/experiments/00/water-0000000000000003/cycle-2");
}

TEST_F(SqliteJournalTest, AnAttemptThatAnotherControllerBeganGoesOn) {
  RunEvents story;
  story.begin(1);
  story.succeed(attempt_of(0));
  for (const Event& event : story.all) {
    SqliteJournal journal = event.seq == 1 ? create() : reopen();
    commit(journal, {event});
  }
  const std::vector<RepetitionSummary> rows = repetitions();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].state, RepetitionState::Succeeded);
  EXPECT_EQ(rows[0].started_at, std::get<AttemptRunning>(story.all[4].fact).started_at);
  EXPECT_EQ(rows[0].finished_at, *rows[0].started_at + Duration(1500));
  EXPECT_EQ(summary().counts[static_cast<size_t>(RepetitionState::Succeeded)], 1u);
}

TEST_F(SqliteJournalTest, CancellingARunCancelsAllThatWaits) {
  RunEvents story;
  story.begin(4);
  story.succeed(attempt_of(0));
  story.fail(attempt_of(1), Reason::Error, Verdict::Retry);
  story.add(RunStateChanged{RunState::Cancelled, "by a user"});
  story.add(RepetitionReset{{1, 2, 1}});
  SqliteJournal journal = create();
  commit(journal, story.all);
  const RunSummary run = summary();
  EXPECT_EQ(run.counts[static_cast<size_t>(RepetitionState::Cancelled)], 2u);
  EXPECT_EQ(run.counts[static_cast<size_t>(RepetitionState::Waiting)], 1u);
  EXPECT_EQ(repetitions()[1].state, RepetitionState::Cancelled);
}

TEST_F(SqliteJournalTest, FailureCountsAreKeptOverAReset) {
  RunEvents story;
  story.begin(1);
  story.fail(attempt_of(0), Reason::Error, Verdict::Failed);
  story.add(RepetitionReset{{1, 0, 1}});
  story.fail(attempt_of(0, 1, 2), Reason::Cancelled, Verdict::Cancelled);
  story.add(RepetitionReset{{1, 0, 1}});
  story.succeed(attempt_of(0, 1, 3));
  SqliteJournal journal = create();
  commit(journal, story.all);
  const std::vector<RepetitionSummary> rows = repetitions();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].fail_count, 1u);
  EXPECT_EQ(rows[0].attempt, 3u);
  EXPECT_EQ(rows[0].state, RepetitionState::Succeeded);
}

TEST_F(SqliteJournalTest, RunsOfOneVolumeDoNotMix) {
  const std::string other = "11111111-d9cb-469f-a165-70867728950e";
  RunEvents story;
  story.begin(2);
  story.succeed(attempt_of(0));
  SqliteJournal first = create();
  SqliteJournal second = create(run_record(other, "screening"));
  commit(first, story.all);
  commit(second, {story.all[0]});
  EXPECT_EQ(replayed(first).size(), story.all.size());
  EXPECT_EQ(replayed(second).size(), 1u);
}

TEST_F(SqliteJournalTest, ARunIsBegunOnce) {
  SqliteJournal journal = create();
  const Result<SqliteJournal> again = SqliteJournal::create(database_, run_record(), facts_of);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::Conflict);
  const Result<SqliteJournal> missing = SqliteJournal::open(database_, "no-such-run", facts_of);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
}

TEST_F(SqliteJournalTest, TheEngineIsFixedAtTheFirstStart) {
  SqliteJournal journal = create();
  EXPECT_TRUE(journal.fix_engine("docker", "unix:///var/run/docker.sock"));
  EXPECT_TRUE(journal.fix_engine("docker", "unix:///var/run/docker.sock"));
  SqliteJournal later = reopen();
  const Result<void> other = later.fix_engine("podman", "unix:///run/podman/podman.sock");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Unavailable);
  EXPECT_NE(other.error().message.find("docker.sock"), std::string::npos);
  EXPECT_NE(other.error().message.find("podman.sock"), std::string::npos);
}

TEST_F(SqliteJournalTest, CheckpointsGoWithTheNextCommit) {
  RunEvents story;
  story.begin(1);
  SqliteJournal journal = create();
  journal.set_checkpoints({{"progress.jsonl", {1, 100}}});
  ASSERT_TRUE(journal.commit());
  EXPECT_TRUE(journal.checkpoints()->empty());
  commit(journal, {story.all[0]});
  EXPECT_EQ(reopen().checkpoints()->at("progress.jsonl"), (Checkpoint{1, 100}));
}

TEST_F(SqliteJournalTest, MetricsThatWereReadAgainReplaceTheOld) {
  RunEvents story;
  story.begin(1);
  story.succeed(attempt_of(0));
  SqliteJournal journal = create();
  journal.set_checkpoints({{"results.jsonl", {6, 100}}, {"progress.jsonl", {6, 100}}});
  commit(journal, story.all);
  ASSERT_TRUE(journal.replace_metrics(attempt_of(0), {{"force", 0.25, ""}}));
  EXPECT_EQ(journal.replace_metrics(attempt_of(0, 1, 2), {}).error().code, ErrorCode::NotFound);
  const std::vector<Event> events = replayed(journal);
  const auto& ended = std::get<AttemptEnded>(events.back().fact);
  ASSERT_EQ(ended.metrics.size(), 1u);
  EXPECT_EQ(ended.metrics[0].name, "force");
  EXPECT_FALSE(journal.checkpoints()->contains("results.jsonl"));
  EXPECT_TRUE(journal.checkpoints()->contains("progress.jsonl"));
}

TEST_F(SqliteJournalTest, KeepsItsBatchOnAFullDiskAndGoesOnWhenThereIsRoom) {
  SmallDisk disk;
  database_ = disk.path() / "studies.db";
  RunEvents story;
  story.begin(4000);
  for (uint64_t i = 0; i < 3000; ++i) story.succeed(attempt_of(i));
  SqliteJournal journal = create();
  commit(journal, {story.all[0], story.all[1]});
  disk.fill();
  for (size_t i = 2; i < story.all.size(); ++i) journal.append(story.all[i]);
  for (int tries = 0; tries < 3; ++tries) {
    const Result<void> done = journal.commit();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::Unavailable);
    EXPECT_TRUE(journal.disk_full());
  }
  EXPECT_EQ(summary().counts[static_cast<size_t>(RepetitionState::Succeeded)], 0u);
  disk.make_room();
  const Result<void> done = journal.commit();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(journal.disk_full());
  EXPECT_EQ(replayed(journal).size(), story.all.size());
  EXPECT_EQ(summary().counts[static_cast<size_t>(RepetitionState::Succeeded)], 3000u);
}

TEST_F(SqliteJournalTest, EveryCommitThatReturnedIsThereAfterAKill) {
  RunEvents story;
  story.begin(100'000);
  for (uint64_t i = 0; i < 2000; ++i) story.succeed(attempt_of(i));
  { SqliteJournal journal = create(); }
  uint64_t committed = 0;
  for (const uint64_t reports : {1u, 7u, 40u, 100u}) {
    const uint64_t reported = kill_after(reports, [&](const std::function<void()>& report) {
      SqliteJournal journal = reopen();
      for (size_t i = committed; i + 3 < story.all.size(); i += 3) {
        commit(journal, {story.all[i], story.all[i + 1], story.all[i + 2]});
        report();
      }
    });
    SqliteJournal journal = reopen();
    const std::vector<Event> events = replayed(journal);
    ASSERT_GE(events.size(), committed + reported * 3);
    ASSERT_EQ((events.size() - committed) % 3, 0u);
    for (size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].seq, i + 1);
    committed = events.size();
    Ledger ledger;
    for (const Event& event : events) ledger.apply(event);
    EXPECT_TRUE(ledger.check());
    const RunSummary run = summary();
    for (size_t i = 0; i < kRepetitionStates; ++i)
      EXPECT_EQ(run.counts[i], ledger.count(static_cast<RepetitionState>(i))) << i;
  }
}

TEST_F(SqliteJournalTest, TellsTheSameToALedgerThatIsToldOnlyTheEndsOfWhatIsPublished) {
  // Attempts begin and end in and out of order, some fail, wait and are reset; one goes on for long.
  RunEvents story;
  constexpr uint64_t kExperiments = 2000;
  story.begin(kExperiments, 2);
  std::mt19937 random(7);
  std::deque<AttemptKey> running;
  const auto end = [&](const AttemptKey& key) {
    AttemptEnded fact;
    fact.key = key;
    const auto die = random() % 10;
    fact.verdict = die < 6 ? Verdict::Succeeded : die < 8 ? Verdict::Failed : Verdict::Retry;
    fact.counted = random() % 2 == 0;
    story.add(fact);
    if (fact.verdict == Verdict::Failed) story.add(RepetitionReset{key.repetition});
    if (fact.verdict != Verdict::Succeeded) running.push_back({key.repetition, key.attempt + 1});
    if (fact.verdict != Verdict::Succeeded) story.start(running.back());
  };
  for (uint64_t index = 1; index < kExperiments; ++index) {
    if (index == 300) story.start(attempt_of(0, 2));
    running.push_back(attempt_of(index));
    story.start(running.back());
    std::swap(running.front(), running[random() % running.size()]);
    if (running.size() < 5) continue;
    const AttemptKey ended = running.front();
    running.pop_front();
    end(ended);
  }
  SqliteJournal journal = create();
  commit(journal, story.all);

  const auto ledger_of = [](const std::vector<Event>& events) {
    Ledger ledger;
    for (const Event& event : events) ledger.apply(event);
    EXPECT_TRUE(ledger.check());
    return ledger;
  };
  const Ledger whole = ledger_of(story.all);
  for (const uint64_t published :
       {uint64_t{0}, uint64_t{3}, uint64_t{999}, story.all.size() - 5000, story.all.size()}) {
    journal.set_published(published);
    const std::vector<Event> told = replayed(journal);
    if (published > 5) { EXPECT_LT(told.size(), story.all.size()); }
    const Ledger ledger = ledger_of(told);
    EXPECT_EQ(ledger.last_seq(), whole.last_seq());
    EXPECT_EQ(ledger.last_cycle(), whole.last_cycle());
    EXPECT_EQ(ledger.retries(), whole.retries());
    EXPECT_EQ(ledger.failed_since_rebase(), whole.failed_since_rebase());
    ASSERT_EQ(ledger.active().size(), whole.active().size());
    for (const auto& [key, attempt] : whole.active()) {
      ASSERT_NE(ledger.active(key), nullptr);
      EXPECT_EQ(ledger.active(key)->container, attempt.container);
      EXPECT_EQ(ledger.active(key)->cpus, attempt.cpus);
    }
    for (uint64_t index = 0; index < kExperiments; ++index) {
      const RepetitionKey key{1, index, 1};
      ASSERT_EQ(ledger.state(key), whole.state(key));
      ASSERT_EQ(ledger.next_attempt(key), whole.next_attempt(key));
      ASSERT_EQ(ledger.troubles(key).failures, whole.troubles(key).failures);
    }
  }
}

TEST_F(SqliteJournalTest, TellsThePublisherAllThatItsFilesMiss) {
  RunEvents story;
  constexpr uint64_t kExperiments = 1500;
  story.begin(kExperiments);
  story.start(attempt_of(0));
  for (uint64_t index = 1; index + 1 < kExperiments; ++index) story.succeed(attempt_of(index));
  AttemptEnded late;
  late.key = attempt_of(0);
  story.add(late);
  story.succeed(attempt_of(kExperiments - 1));
  SqliteJournal journal = create();
  commit(journal, story.all);
  const std::filesystem::path all = directory_.path() / "all", some = directory_.path() / "some";
  for (const auto& path : {all, some}) std::filesystem::create_directory(path);
  {
    Result<Publisher> publisher = Publisher::open(all, {}, facts_of);
    ASSERT_TRUE(publisher);
    for (const Event& event : story.all) publisher->publish(event);
    ASSERT_TRUE(publisher->flush());
  }
  std::map<std::string, Checkpoint> checkpoints;
  {
    Result<Publisher> publisher = Publisher::open(some, {}, facts_of);
    ASSERT_TRUE(publisher);
    for (size_t i = 0; i < 1000; ++i) publisher->publish(story.all[i]);
    ASSERT_TRUE(publisher->flush());
    checkpoints = publisher->checkpoints();
  }
  Result<Publisher> publisher = Publisher::open(some, checkpoints, facts_of);
  ASSERT_TRUE(publisher);
  EXPECT_EQ(publisher->complete_to(), 1000u);
  journal.set_published(publisher->complete_to());
  ASSERT_TRUE(journal.replay([&](const Event& event) { publisher->publish(event); }));
  ASSERT_TRUE(publisher->flush());
  for (const char* file : {"progress.jsonl", "results.jsonl", "results.csv"})
    EXPECT_EQ(*read_file(some / file), *read_file(all / file)) << file;
}

}  // namespace
}  // namespace studyctl
