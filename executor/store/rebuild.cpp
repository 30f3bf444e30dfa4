#include "store/rebuild.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <system_error>

#include "base/fd.h"
#include "base/text.h"
#include "store/attempt_record.h"
#include "store/progress_line.h"
#include "store/run_directory.h"
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBatch = 10'000;

// Any attempt.json of an experiment: all of them know who it is.
std::optional<AttemptRecord> any_record(const fs::path& experiment) {
  std::error_code failed;
  for (fs::directory_iterator cycle(experiment, failed), end; !failed && cycle != end;
       cycle.increment(failed)) {
    std::error_code closed;
    for (fs::directory_iterator attempt(cycle->path(), closed); !closed && attempt != end;
         attempt.increment(closed)) {
      if (attempt->is_symlink(closed) || !attempt->is_directory(closed)) continue;
      if (Result<AttemptRecord> record = read_attempt(attempt->path())) return std::move(*record);
    }
  }
  return std::nullopt;
}

// Makes one run's events again from its lines and attempts.
class RunRebuilder {
 public:
  RunRebuilder(RunDirectory directory, fs::path database, RebuildReport& report)
      : directory_(std::move(directory)), database_(std::move(database)), report_(report) {}

  Result<void> rebuild(const RunManifest& manifest);

 private:
  Result<void> read_lines();
  void on_line(const ProgressLine& line);
  void on_end(const ProgressLine& line, const AttemptKey& key);
  void on_cached(const ProgressLine& line, const AttemptKey& key);
  // Its line does not tell when the start was intended: just before what follows.
  void add_starting(const AttemptKey& key, const ProgressLine& line);
  void add(uint64_t seq, Instant at, Fact fact);
  const AttemptRecord* record_of(const ProgressLine& line);
  ExperimentFacts describe(const RepetitionKey& key) const;
  void warn(const std::string& message) {
    report_.warnings.push_back(directory_.path().string() + ": " + message);
  }

  RunDirectory directory_;
  fs::path database_;
  RebuildReport& report_;
  std::optional<SqliteJournal> journal_;
  uint64_t last_seq_ = 0;
  uint64_t length_ = 0;  // of progress.jsonl, as far as it is whole
  size_t batch_ = 0;
  std::map<std::pair<uint32_t, uint64_t>, std::string> names_;  // of the experiments of this batch
  std::map<std::string, ExperimentFacts> cached_;               // that need not have been started here
  std::map<RepetitionKey, bool> starting_known_;                // of attempts that have not ended
  std::string engine_, endpoint_;
  AttemptPlace record_place_;
  std::optional<AttemptRecord> record_;
};

Result<void> RunRebuilder::rebuild(const RunManifest& manifest) {
  RunRecord run;
  run.id = manifest.run_id;
  run.study = manifest.study;
  run.directory = directory_.name_in_volume();
  run.design_hash = manifest.design_hash;
  run.manifest = to_json(manifest);
  run.created_at = manifest.created_at;
  Result<SqliteJournal> journal =
      SqliteJournal::create(database_, run, [this](const RepetitionKey& key) { return describe(key); });
  if (!journal && journal.error().code == ErrorCode::Conflict) {
    warn("is a copy of run " + run.id + ", which is there already; left out");
    return {};
  }
  if (!journal) return std::move(journal).error();
  journal_.emplace(std::move(*journal));
  ++report_.runs;
  if (Result<void> done = read_lines(); !done) return done;
  journal_->set_checkpoints({{"progress.jsonl", {last_seq_, length_}}});
  if (Result<void> done = journal_->commit(); !done || endpoint_.empty()) return done;
  return journal_->fix_engine(engine_, endpoint_);
}

Result<void> RunRebuilder::read_lines() {
  std::ifstream file(directory_.path() / "progress.jsonl");
  if (!file) warn("has no progress.jsonl: nothing is known but that the run began");
  std::string text;
  while (std::getline(file, text)) {
    const Result<ProgressLine> line = progress_from_json(text);
    const bool torn = file.eof();
    if (torn || !line || line->seq <= last_seq_) {
      warn("progress.jsonl: " + (line ? "a line that is torn or out of order" : line.error().message) +
           (torn ? ", at its end" : "") + "; left out");
      if (torn) break;
      length_ += text.size() + 1;
      continue;
    }
    length_ += text.size() + 1;
    on_line(*line);
    if (batch_ < kBatch) continue;
    if (Result<void> done = journal_->commit(); !done) return done;
    batch_ = 0;
    names_.clear();
  }
  return {};
}

void RunRebuilder::on_line(const ProgressLine& line) {
  if (!line.experiment.empty()) names_[{line.generation, line.index}] = line.experiment;
  if (line.experiments > 0)
    return add(line.seq, line.at, GenerationOpened{line.generation, line.experiments, line.cycles});
  if (line.experiment.empty() && line.cycles > 0) return add(line.seq, line.at, CyclesChanged{line.cycles});
  if (line.experiment.empty()) {
    const RunState state = run_state_named(line.to).value_or(RunState::Interrupted);
    const RunState then = state == RunState::Cancelling ? RunState::Cancelled : RunState::Stopped;
    return add(line.seq, line.at, RunStateChanged{state, line.message, then});
  }
  if (line.before)
    return add(line.seq, line.at,
               ExperimentCarried{line.before->generation, line.before->index, line.index, line.cycles});
  const AttemptKey key{{line.generation, line.index, line.cycle}, line.attempt};
  if (line.to == name_of(RepetitionState::Cached)) return on_cached(line, key);
  if (line.to == name_of(RepetitionState::Skipped)) {
    const size_t colon = std::min(line.message.find(": "), line.message.size());
    const std::string why = line.message.substr(std::min(colon + 2, line.message.size()));
    return add(line.seq, line.at, RepetitionSkipped{key.repetition, line.message.substr(0, colon), why});
  }
  if (line.attempt == 0 && line.from.empty()) return add(line.seq, line.at, RepetitionAdded{key.repetition});
  if (line.attempt == 0) return add(line.seq, line.at, RepetitionReset{key.repetition});
  if (line.to == name_of(RepetitionState::Starting)) {
    starting_known_[key.repetition] = false;
    return add(line.seq, line.at, AttemptIntended{key, ""});
  }
  if (line.to != name_of(RepetitionState::Running)) return on_end(line, key);
  add_starting(key, line);
  const AttemptRecord* record = record_of(line);
  add(line.seq, line.at,
      AttemptRunning{key, record != nullptr ? record->started_at.value_or(line.at) : line.at});
}

void RunRebuilder::on_end(const ProgressLine& line, const AttemptKey& key) {
  add_starting(key, line);
  starting_known_.erase(key.repetition);
  AttemptEnded fact;
  fact.key = key;
  fact.reason = reason_named(line.reason).value_or(Reason::Error);
  fact.verdict = line.to == name_of(RepetitionState::Waiting)
                     ? Verdict::Retry
                     : verdict_named(line.to).value_or(Verdict::Failed);
  fact.duration = line.duration.value_or(Duration(0));
  if (const AttemptRecord* record = record_of(line)) {
    if (fact.verdict == Verdict::Retry) fact.verdict = record->verdict;
    fact.counted = record->counted;
    fact.exit_code = record->exit_code;
    fact.message = record->message;
    fact.metrics = record->metrics;
    fact.warnings = record->warnings;
    fact.conditions = record->conditions;
    fact.grown = record->grown;
  } else {
    warn(line.experiment + " cycle " + std::to_string(line.cycle) + " attempt " +
         std::to_string(line.attempt) + ": no attempt.json; its exit code, message and metrics are lost");
  }
  add(line.seq, line.at, std::move(fact));
}

void RunRebuilder::on_cached(const ProgressLine& line, const AttemptKey& key) {
  RepetitionCached fact;
  fact.key = key;
  fact.run = line.source;
  const fs::path results = directory_.path().parent_path().parent_path();
  const auto files = locate_in_run(results, line.source, {line.experiment, line.cycle, line.attempt});
  if (const auto record = files ? read_attempt(*files) : Result<AttemptRecord>(files.error())) {
    fact.started_at = record->started_at.value_or(line.at);
    fact.duration = record->duration;
    fact.image_digest = record->image_digest;
    fact.devices = record->devices;
    fact.metrics = record->metrics;
    fact.conditions = record->conditions;
    cached_[line.experiment] = {line.experiment, record->identity, record->parameters, record->cores};
  } else {
    warn(line.experiment + " cycle " + std::to_string(line.cycle) + ": is cached from " + line.source +
         ", where it is no more; its metrics are lost");
  }
  add(line.seq, line.at, std::move(fact));
}

void RunRebuilder::add_starting(const AttemptKey& key, const ProgressLine& line) {
  const AttemptRecord* record = record_of(line);
  bool& known = starting_known_[key.repetition];
  if (known || record == nullptr || record->container.empty() || line.seq <= last_seq_ + 1) return;
  known = true;
  add(line.seq - 1, line.at, AttemptStarting{key, record->container, record->image_digest, record->devices});
}

void RunRebuilder::add(uint64_t seq, Instant at, Fact fact) {
  journal_->append({seq, at, {}, std::move(fact)});
  last_seq_ = seq;
  ++batch_;
  ++report_.events;
}

const AttemptRecord* RunRebuilder::record_of(const ProgressLine& line) {
  const AttemptPlace place{line.experiment, line.cycle, line.attempt};
  const AttemptPlace& last = record_place_;
  if (place.experiment != last.experiment || place.cycle != last.cycle || place.attempt != last.attempt) {
    record_place_ = place;
    record_.reset();
    if (const Result<fs::path> files = directory_.locate(place))
      if (Result<AttemptRecord> record = read_attempt(*files)) record_ = std::move(*record);
    // All of a run's attempts have the same. "Docker 20.10.24 (API 1.41)" → "docker"
    if (record_) engine_ = lower(split(record_->engine, ' ').front());
    if (record_) endpoint_ = record_->endpoint;
  }
  return record_ ? &*record_ : nullptr;
}

ExperimentFacts RunRebuilder::describe(const RepetitionKey& key) const {
  const std::string& name = names_.at({key.generation, key.index});
  if (const auto cached = cached_.find(name); cached != cached_.end()) return cached->second;
  const fs::path experiment = directory_.repetition({name, 1, 1}).parent_path();
  const std::optional<AttemptRecord> record = any_record(experiment);
  if (!record) return {name, "", "{}", 0};
  return {name, record->identity, record->parameters, record->cores};
}

void remove_database(const fs::path& database) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(database.string() + suffix, ignored);
}

// A database is not alone: what its WAL holds belongs to it.
Result<void> move_database(const fs::path& from, const fs::path& to) {
  for (const char* suffix : {"-wal", "-shm", "-journal", ""}) {
    std::error_code failed;
    fs::rename(from.string() + suffix, to.string() + suffix, failed);
    if (failed && failed != std::errc::no_such_file_or_directory)
      return Error{ErrorCode::Unavailable, from.string() + suffix + ": " + failed.message()};
  }
  return sync_directory(to.parent_path());
}

}  // namespace

Result<RebuildReport> rebuild_database(const fs::path& results, const fs::path& database) {
  const fs::path fresh = database.string() + ".rebuild";
  remove_database(fresh);
  RebuildReport report;
  for (const fs::path& path : find_run_directories(results)) {
    const Result<RunManifest> manifest = read_run_manifest(path);
    if (!manifest) {
      report.warnings.push_back(manifest.error().message);
      continue;
    }
    Result<RunDirectory> directory = RunDirectory::open(path);
    if (!directory) return std::move(directory).error();
    RunRebuilder rebuilder(std::move(*directory), fresh, report);
    if (Result<void> done = rebuilder.rebuild(*manifest); !done) return std::move(done).error();
  }
  if (report.runs == 0)
    return Error{ErrorCode::NotFound,
                 results.string() + ": no study_manifest.json below it; nothing to rebuild from"};
  remove_database(database.string() + ".old");
  if (Result<void> moved = move_database(database, database.string() + ".old"); !moved)
    return std::move(moved).error();
  if (Result<void> moved = move_database(fresh, database); !moved) return std::move(moved).error();
  return report;
}

}  // namespace studyctl
