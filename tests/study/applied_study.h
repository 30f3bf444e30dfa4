#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/temporary_directory.h"
#include "control/experiments.h"
#include "io/log_files.h"
#include "store/attempt_record.h"
#include "store/catalog.h"
#include "store/publisher.h"
#include "store/run_directory.h"
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"
#include "store/status_file.h"
#include "store/volume.h"
#include "study/study_source.h"

namespace studyctl {

inline const std::string kNmr = R"(
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: nmr}
spec:
  sweep:
    molecule: [water, methane]
    charge: [0, 1]
  template: {spec: {containers: [{name: main, image: "acme/nmr:1", command: [nmr, "${params.molecule}"]}]}}
  results:
    metrics: [{name: energy, from: {stdout: true, regex: 'E=(\S+)'}, unit: Eh, goal: minimize}]
  execution: {cycles: 2}
)";

// A run on a volume as a controller leaves it: rows, files, logs; without an engine.
class AppliedStudy {
 public:
  explicit AppliedStudy(const std::filesystem::path& results, const std::string& manifest = kNmr,
                        Instant at = Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)))
      : volume_(*ResultsVolume::open(results)), now_(at) {
    auto read = read_manifest(manifest, "study.yaml");
    EXPECT_TRUE(read) << read.error().message;
    auto study = load_applied(read->applied_json, {}, {});
    EXPECT_TRUE(study) << study.error().message;
    study_ = *std::move(study);
    experiments_ = std::make_unique<Experiments>(study_->design());
    directory_ = *RunDirectory::create(volume_.root(), study_->study().name, at);
    begin();
  }

  const ResultsVolume& volume() const { return volume_; }
  const RunDirectory& directory() const { return *directory_; }
  const std::string& run_id() const { return run_id_; }
  std::string id(uint64_t index) { return experiments_->facts({1, index, 1}).experiment; }

  void start(const AttemptKey& key) {
    EXPECT_TRUE(directory_->begin_attempt(place(key), std::nullopt));
    add(AttemptIntended{key, ""});
    add(AttemptStarting{key, "0123456789abcdef", "sha256:abc", {}});
    add(AttemptRunning{key, now_});
    commit();
  }
  void say(const AttemptKey& key, LogStream stream, const std::string& bytes) {
    auto files = LogFiles::open(*directory_->locate(place(key)));
    EXPECT_TRUE(files->append(stream, bytes, now_));
  }
  void end(AttemptEnded end, std::optional<FailureRecord> failure = std::nullopt) {
    const AttemptKey key = end.key;
    const ExperimentFacts facts = experiments_->facts(key.repetition);
    AttemptRecord record;
    record.key = key;
    record.study = study_->study().name;
    record.run_id = run_id_;
    record.experiment = facts.experiment;
    record.identity = facts.identity;
    record.parameters = facts.parameters;
    record.reason = end.reason;
    record.verdict = end.verdict;
    record.exit_code = end.exit_code;
    record.message = end.message;
    record.metrics = end.metrics;
    record.image = "acme/nmr:1";
    record.failure = std::move(failure);
    EXPECT_TRUE(write_attempt(*directory_->locate(place(key)), record));
    const bool succeeded = end.verdict == Verdict::Succeeded;
    EXPECT_TRUE(
        directory_->finish_attempt(place(key), succeeded ? AttemptFiles::Published : AttemptFiles::Failed));
    end.duration = std::chrono::milliseconds(1500);
    add(std::move(end));
    commit();
  }
  // `conditions`: what the machine was like meanwhile.
  void succeed(const AttemptKey& key, double energy = -76.5, Conditions conditions = {}) {
    start(key);
    say(key, LogStream::Stdout, "E=" + std::to_string(energy) + "\n");
    AttemptEnded ended;
    ended.key = key;
    ended.metrics = {{"energy", energy, "Eh"}};
    ended.conditions = std::move(conditions);
    end(std::move(ended));
  }
  void fail(const AttemptKey& key, Reason reason, Verdict verdict = Verdict::Failed) {
    start(key);
    AttemptEnded ended;
    ended.key = key;
    ended.reason = reason;
    ended.verdict = verdict;
    ended.exit_code = 3;
    ended.message = "it went wrong";
    end(std::move(ended), FailureRecord{"ValueError", "no basis", "Traceback\n  here", {"last words"}});
  }
  // As `apply` does with what `run` has done already.
  void cache(const AttemptKey& key, const std::string& run, double energy) {
    RepetitionCached cached;
    cached.key = key;
    cached.run = run;
    cached.metrics = {{"energy", energy, "Eh"}};
    cached.conditions = conditions_of(key, run);
    add(std::move(cached));
    commit();
  }
  void change(RunState state, const std::string& message = "") {
    add(RunStateChanged{state, message});
    commit();
  }
  void command(const std::string& who, const std::string& what) {
    add(CommandAccepted{who, what});
    commit();
  }

  // What happened: rows and progress.jsonl, no files of attempts. Committed a thousand at a time.
  void record(std::vector<Fact> facts) {
    for (Fact& fact : facts) add(std::move(fact));
    if (++recorded_ % 1000 == 0) commit();
  }
  Instant now() const { return now_; }

  // status.json of a run whose controller is `controller`.
  void publish_status(RunState state, const ProcessIdentity& controller = this_process()) {
    Status status;
    status.study = study_->study().name;
    status.run_id = run_id_;
    status.state = state;
    status.total = study_->repetitions();
    status.controller = controller;
    SystemClock clock;
    status.heartbeat_at = status.updated_at = clock.now();
    EXPECT_TRUE(StatusFile(directory_->path() / "status.json", clock).write(status));
  }

 private:
  void begin() {
    run_id_ = random_uuid();
    RunManifest manifest;
    manifest.run_id = run_id_;
    manifest.study = study_->study().name;
    manifest.design_hash = study_->design_hash;
    manifest.created_at = now_;
    manifest.manifest = study_->manifest.applied_json;
    manifest.source = "study.yaml";
    EXPECT_TRUE(write_run_manifest(directory_->path(), manifest));
    const DescribeExperiment describe = [this](const RepetitionKey& key) { return experiments_->facts(key); };
    RunRecord record{
        run_id_, manifest.study, directory_->name_in_volume(), manifest.design_hash, to_json(manifest),
        now_,    "docker",       "unix:///docker.sock"};
    auto journal = SqliteJournal::create(volume_.database(), record, describe);
    EXPECT_TRUE(journal) << journal.error().message;
    journal_.emplace(*std::move(journal));
    auto publisher = Publisher::open(directory_->path(), {}, describe);
    EXPECT_TRUE(publisher) << publisher.error().message;
    publisher_.emplace(*std::move(publisher));
    add(GenerationOpened{1, study_->plan->size(), study_->study().execution.cycles});
    change(RunState::Running);
  }

  // Of what was done in `run`.
  Conditions conditions_of(const AttemptKey& key, const std::string& run) {
    const std::string identity = experiments_->facts(key.repetition).identity;
    const auto catalog = Catalog::open(volume_.database());
    std::optional<Conditions> found;
    EXPECT_TRUE(catalog->done(study_->study().name, [&](const Catalog::Done& done) {
      if (done.identity == identity && done.cycle == key.repetition.cycle && done.as_cached.run == run)
        found = done.as_cached.conditions;
    }));
    return found.value_or(Conditions());
  }

  AttemptPlace place(const AttemptKey& key) {
    return {id(key.repetition.index), key.repetition.cycle, key.attempt};
  }
  void add(Fact fact) {
    now_ += std::chrono::seconds(1);
    const Event event{++seq_, now_, {}, std::move(fact)};
    journal_->append(event);
    publisher_->publish(event);
  }
  void commit() {
    EXPECT_TRUE(journal_->commit());
    EXPECT_TRUE(publisher_->flush());
  }

  ResultsVolume volume_;
  Instant now_;
  uint64_t seq_ = 0;
  uint64_t recorded_ = 0;
  std::string run_id_;
  std::unique_ptr<LoadedStudy> study_;
  std::unique_ptr<Experiments> experiments_;
  std::optional<RunDirectory> directory_;
  std::optional<SqliteJournal> journal_;
  std::optional<Publisher> publisher_;
};

inline AttemptKey attempt_of(uint64_t index, uint32_t cycle = 1, uint32_t attempt = 1) {
  return {{1, index, cycle}, attempt};
}

}  // namespace studyctl
