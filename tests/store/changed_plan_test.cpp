#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>

#include "base/temporary_directory.h"
#include "model/ledger.h"
#include "store/catalog.h"
#include "store/publisher.h"
#include "store/rebuild.h"
#include "store/result_row.h"
#include "store/run_directory.h"
#include "store/run_events.h"
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"

// What a plan that changes while it runs leaves on disk.
namespace studyctl {
namespace {

// A run whose generations hold experiments by their numbers in the world.
class ChangedPlan : public testing::Test {
 protected:
  ChangedPlan() {
    const Result<RunDirectory> made = RunDirectory::create(directory_.path(), "nmr", kStart);
    run_path_ = made->path();
    RunManifest manifest;
    manifest.run_id = kRunId;
    manifest.study = "nmr";
    manifest.created_at = kStart;
    EXPECT_TRUE(write_run_manifest(run_path_, manifest));
    RunRecord record = run_record();
    record.directory = made->name_in_volume();
    journal_.emplace(*SqliteJournal::create(database_, record, describe()));
    publisher_.emplace(*Publisher::open(run_path_, {}, describe()));
  }

  DescribeExperiment describe() {
    return [this](const RepetitionKey& key) {
      return facts_of({1, designs_.at(key.generation - 1).at(key.index), 1});
    };
  }

  // The first plan, or one that is taken up: what is in it and was in an earlier one is carried.
  void open(const std::vector<uint64_t>& design, uint32_t cycles) {
    const uint32_t generation = ledger_.generation() + 1;
    designs_.push_back(design);
    tell(GenerationOpened{generation, design.size(), cycles});
    if (generation == 1) return;
    ASSERT_TRUE(journal_->commit());
    std::vector<ExperimentCarried> carried;
    ASSERT_TRUE(journal_->known_experiments([&](const SqliteJournal::KnownExperiment& known) {
      const uint64_t who = designs_.at(known.generation - 1).at(known.index);
      const auto found = std::find(design.begin(), design.end(), who);
      if (found != design.end())
        carried.push_back({known.generation, known.index, static_cast<uint64_t>(found - design.begin()),
                           std::max(cycles, known.cycles)});
    }));
    for (const ExperimentCarried& fact : carried) tell(fact);
  }

  void tell(Fact fact) {
    const uint64_t seq = ledger_.last_seq() + 1;
    Event event{seq, kStart + std::chrono::seconds(seq), Steady(std::chrono::seconds(seq)), std::move(fact)};
    ledger_.apply(event);
    journal_->append(event);
    publisher_->publish(event);
  }
  void commit() {
    const Result<void> done = journal_->commit();
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(publisher_->flush());
    journal_->set_checkpoints(publisher_->checkpoints());
  }

  void start(const RepetitionKey& key) {
    const AttemptKey attempt{key, ledger_.next_attempt(key)};
    tell(AttemptIntended{attempt, ""});
    tell(AttemptStarting{attempt, "c", "sha256:1", {}});
    tell(AttemptRunning{attempt, kStart + std::chrono::seconds(ledger_.last_seq())});
  }
  void end(const RepetitionKey& key, Verdict verdict) {
    AttemptEnded ended;
    ended.key = ledger_.active(key)->key;
    ended.verdict = verdict;
    ended.reason = verdict == Verdict::Succeeded ? Reason::Completed : Reason::Error;
    ended.metrics = {{"energy", static_cast<double>(key.index), "Eh"}};
    tell(std::move(ended));
  }

  RunSummary summary() { return *Catalog::open(database_)->run(kRunId); }
  std::map<std::pair<std::string, uint32_t>, RepetitionSummary> listed() {
    std::map<std::pair<std::string, uint32_t>, RepetitionSummary> all;
    EXPECT_TRUE(Catalog::open(database_)->repetitions(kRunId, {}, [&](const RepetitionSummary& repetition) {
      all[{repetition.experiment, repetition.key.cycle}] = repetition;
      return true;
    }));
    return all;
  }
  void expect_the_database_to_say_what_the_ledger_says() {
    const RunSummary run = summary();
    EXPECT_EQ(run.total, ledger_.total());
    for (size_t state = 0; state < kRepetitionStates; ++state)
      EXPECT_EQ(run.counts.at(state), ledger_.count(static_cast<RepetitionState>(state)))
          << name_of(static_cast<RepetitionState>(state));
    for (const auto& [who, repetition] : listed()) {
      EXPECT_TRUE(ledger_.has(repetition.key));
      EXPECT_EQ(repetition.state, ledger_.state(repetition.key)) << who.first << " " << who.second;
    }
    const Result<void> sound = ledger_.check();
    EXPECT_TRUE(sound) << sound.error().message;
  }

  TemporaryDirectory directory_;
  std::filesystem::path database_ = directory_.path() / "studies.db";
  std::filesystem::path run_path_;
  std::vector<std::vector<uint64_t>> designs_;
  Ledger ledger_;
  std::optional<SqliteJournal> journal_;
  std::optional<Publisher> publisher_;
};

TEST_F(ChangedPlan, ListsWhatWasCarriedUnderItsNewPlaceAndNothingThatLeft) {
  open({10, 11, 12}, 1);
  start({1, 0, 1});
  end({1, 0, 1}, Verdict::Succeeded);
  start({1, 1, 1});
  end({1, 1, 1}, Verdict::Failed);
  commit();
  open({11, 13}, 1);
  commit();
  const auto all = listed();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all.begin()->second.key, (RepetitionKey{2, 0, 1}));
  EXPECT_EQ(all.begin()->second.state, RepetitionState::Failed);
  EXPECT_EQ(summary().total, 2u);
  expect_the_database_to_say_what_the_ledger_says();
}

TEST_F(ChangedPlan, ResultsAreMadeAnewFromWhatIsPlanned) {
  open({10, 11}, 1);
  for (const uint64_t index : {0u, 1u}) {
    start({1, index, 1});
    end({1, index, 1}, Verdict::Succeeded);
  }
  commit();
  open({11, 12}, 1);
  RepetitionCached cached;
  cached.key = {{2, 1, 1}, 3};
  cached.run = "nmr/2026-11-20_00-00-00";
  cached.started_at = kStart;
  cached.metrics = {{"energy", 7, "Eh"}};
  tell(cached);
  commit();
  ASSERT_TRUE(journal_->remake_results(run_path_ / "results.jsonl"));
  std::ifstream file(run_path_ / "results.jsonl");
  std::string first, second, none;
  ASSERT_TRUE(std::getline(file, first) && std::getline(file, second));
  EXPECT_FALSE(std::getline(file, none));
  EXPECT_EQ(result_row_from_json(first)->experiment, facts_of({1, 11, 1}).experiment);
  const ResultRow row = *result_row_from_json(second);
  EXPECT_EQ(row.source, "nmr/2026-11-20_00-00-00");
  ASSERT_EQ(row.metrics.size(), 1u);
  EXPECT_EQ(row.metrics.front().value, 7);
}

TEST_F(ChangedPlan, ACachedRepetitionTellsWhereItRan) {
  open({10}, 1);
  RepetitionCached cached;
  cached.key = {{1, 0, 1}, 2};
  cached.run = "nmr/2026-11-20_00-00-00";
  cached.started_at = kStart;
  tell(cached);
  commit();
  const RepetitionSummary repetition = listed().begin()->second;
  EXPECT_EQ(repetition.state, RepetitionState::Cached);
  EXPECT_EQ(repetition.source, "nmr/2026-11-20_00-00-00");
  EXPECT_TRUE(repetition.job_dir.starts_with("nmr/2026-11-20_00-00-00/experiments/")) << repetition.job_dir;
}

TEST_F(ChangedPlan, EarlierRunsAreSearchedOnceForEveryPlan) {
  open({10, 11}, 1);
  commit();
  EXPECT_FALSE(journal_->reuse_is_done());
  ASSERT_TRUE(journal_->note_reuse_done());
  start({1, 0, 1});
  commit();
  EXPECT_TRUE(journal_->reuse_is_done());
  open({10, 11, 12}, 1);
  commit();
  EXPECT_FALSE(journal_->reuse_is_done());
  ASSERT_TRUE(journal_->note_reuse_done());
  tell(CyclesChanged{2});
  commit();
  EXPECT_FALSE(journal_->reuse_is_done());
}

TEST_F(ChangedPlan, AReplacedManifestIsTheRunsFromThenOn) {
  ASSERT_TRUE(journal_->replace_manifest("{\"other\": 1}", "other/1"));
  EXPECT_EQ(journal_->run().manifest, "{\"other\": 1}");
  EXPECT_EQ(journal_->run().design_hash, "other/1");
}

TEST_F(ChangedPlan, SkippingSaysWhoAndWhy) {
  open({10}, 1);
  tell(RepetitionSkipped{{1, 0, 1}, "ann", "its input is broken"});
  commit();
  EXPECT_EQ(listed().begin()->second.message, "skipped by ann: its input is broken");
  expect_the_database_to_say_what_the_ledger_says();
}

// Whatever happens to a plan, the database, the ledger, a restart and a rebuild say the same of it.
TEST_F(ChangedPlan, TheDatabaseAndARestartSayWhatTheLedgerSays) {
  std::mt19937 dice(20261122);
  const auto throw_to = [&](uint64_t sides) { return dice() % sides; };
  const auto any_design = [&] {
    std::vector<uint64_t> design;
    for (uint64_t who = 0; who < 6; ++who)
      if (throw_to(3) > 0) design.push_back(who);
    std::shuffle(design.begin(), design.end(), dice);
    if (design.empty()) design.push_back(0);
    return design;
  };
  open(any_design(), 2);
  for (int step = 0; step < 400; ++step) {
    const RepetitionKey key{ledger_.generation(), throw_to(ledger_.experiments()),
                            1 + static_cast<uint32_t>(throw_to(3))};
    const uint64_t act = throw_to(40);
    if (act == 0) {
      open(any_design(), 1 + static_cast<uint32_t>(throw_to(3)));
    } else if (act == 1) {
      tell(CyclesChanged{1 + static_cast<uint32_t>(throw_to(3))});
    } else if (act < 12 && !ledger_.active().empty()) {
      const auto& active = ledger_.active();
      const RepetitionKey ends = std::next(active.begin(), static_cast<long>(throw_to(active.size())))->first;
      const bool is_planned = ledger_.has(ends);
      constexpr Verdict kVerdictsSeen[] = {Verdict::Succeeded, Verdict::Failed, Verdict::Cancelled,
                                           Verdict::Retry};
      end(ends, kVerdictsSeen[throw_to(is_planned ? 4 : 3)]);
    } else if (!ledger_.has(key)) {
      if (key.cycle == ledger_.cycles_of(key.index) + 1 && ledger_.state(key) == RepetitionState::Waiting &&
          act == 12)
        tell(RepetitionAdded{key});
    } else if (ledger_.state(key) == RepetitionState::Waiting) {
      if (act == 13) {
        tell(RepetitionSkipped{key, "ann", ""});
      } else {
        start(key);
      }
    } else if (act == 14 && (ledger_.state(key) == RepetitionState::Failed ||
                             ledger_.state(key) == RepetitionState::Skipped)) {
      tell(RepetitionReset{key});
    }
    if (throw_to(4) == 0) {
      commit();
      expect_the_database_to_say_what_the_ledger_says();
      if (HasFailure()) return;
    }
  }
  commit();

  Ledger again;
  Result<SqliteJournal> reopened = SqliteJournal::open(database_, kRunId, describe());
  ASSERT_TRUE(reopened);
  reopened->set_published(ledger_.last_seq());
  ASSERT_TRUE(reopened->replay([&](const Event& event) { again.apply(event); }));
  ASSERT_TRUE(again.check()) << again.check().error().message;
  EXPECT_GT(again.generation(), 3u);
  EXPECT_EQ(again.total(), ledger_.total());
  for (size_t state = 0; state < kRepetitionStates; ++state)
    EXPECT_EQ(again.count(static_cast<RepetitionState>(state)),
              ledger_.count(static_cast<RepetitionState>(state)));
  EXPECT_EQ(again.active().size(), ledger_.active().size());

  const RunSummary before = summary();
  journal_.reset();
  reopened = Error{ErrorCode::NotFound, ""};
  ASSERT_TRUE(rebuild_database(directory_.path(), database_));
  EXPECT_EQ(summary().total, before.total);
  EXPECT_EQ(summary().counts, before.counts);
}

}  // namespace
}  // namespace studyctl
