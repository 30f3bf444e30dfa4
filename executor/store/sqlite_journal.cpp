#include "store/sqlite_journal.h"

#include <vector>

#include "store/event_rows.h"
#include "store/projection.h"
#include "store/schema.h"

namespace studyctl {
namespace {

int64_t milliseconds(Instant at) {
  return at.time_since_epoch().count();
}

Result<int64_t> study_row(Sqlite& studies, const RunRecord& run) {
  Result<void> added = studies.run("INSERT OR IGNORE INTO studies (name, created_at) VALUES (?, ?)",
                                   run.study, milliseconds(run.created_at));
  if (!added) return std::move(added).error();
  Result<Statement> row = studies.prepare("SELECT id FROM studies WHERE name = ?");
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind(1, run.study).step();
  if (!found) return std::move(found).error();
  return row->integer(0);
}

Result<void> add_run(Sqlite& studies, const RunRecord& run) {
  Result<Transaction> transaction = Transaction::begin(studies);
  if (!transaction) return std::move(transaction).error();
  Result<int64_t> study = study_row(studies, run);
  if (!study) return std::move(study).error();
  Result<void> added = studies.run(
      "INSERT INTO runs (uuid, study, directory, design_hash, manifest, engine, endpoint, state, message, "
      "generation, "
      "total, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'Pending', '', 0, 0, ?, ?)",
      run.id, *study, run.directory, run.design_hash, run.manifest, run.engine, run.endpoint,
      milliseconds(run.created_at), milliseconds(run.created_at));
  if (!added) return added;
  return transaction->commit();
}

}  // namespace

struct SqliteJournal::Parts {
  std::unique_ptr<Sqlite> studies;
  RunRecord run;
  int64_t row = 0;
  Projection projection;
  uint64_t last_seq = 0;
  bool disk_full = false;
  std::vector<Event> batch;
  std::map<std::string, Checkpoint> checkpoints;  // not yet committed

  Parts(std::unique_ptr<Sqlite> connection, RunRecord record, int64_t number, DescribeExperiment describe)
      : studies(std::move(connection)),
        run(std::move(record)),
        row(number),
        projection(*studies, number, std::move(describe)) {}

  Result<void> write();
};

SqliteJournal::SqliteJournal(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SqliteJournal::SqliteJournal(SqliteJournal&&) noexcept = default;
SqliteJournal& SqliteJournal::operator=(SqliteJournal&&) noexcept = default;
SqliteJournal::~SqliteJournal() = default;

Result<SqliteJournal> SqliteJournal::create(const std::filesystem::path& database, const RunRecord& run,
                                            DescribeExperiment describe) {
  auto studies = open_studies_for_writing(database);
  if (!studies) return std::move(studies).error();
  if (Result<void> added = add_run(**studies, run); !added) return std::move(added).error();
  studies->reset();
  return open(database, run.id, std::move(describe));
}

Result<SqliteJournal> SqliteJournal::open(const std::filesystem::path& database, const std::string& run_id,
                                          DescribeExperiment describe) {
  auto studies = open_studies_for_writing(database);
  if (!studies) return std::move(studies).error();
  RunRecord run;
  int64_t number = 0;
  {
    Result<Statement> row = (*studies)->prepare(
        "SELECT runs.id, uuid, studies.name, directory, design_hash, manifest, engine, endpoint, "
        "runs.created_at "
        "FROM runs JOIN studies ON studies.id = runs.study WHERE uuid = ?");
    if (!row) return std::move(row).error();
    Result<bool> found = row->bind(1, run_id).step();
    if (!found) return std::move(found).error();
    if (!*found) return Error{ErrorCode::NotFound, database.string() + ": has no run " + run_id};
    number = row->integer(0);
    run = {row->string(1), row->string(2), row->string(3),
           row->string(4), row->string(5), Instant(Duration(row->integer(8))),
           row->string(6), row->string(7)};
  }
  auto parts = std::make_unique<Parts>(std::move(*studies), std::move(run), number, std::move(describe));
  if (Result<void> loaded = parts->projection.load(); !loaded) return std::move(loaded).error();
  Result<Statement> last = parts->studies->prepare("SELECT max(id) FROM events WHERE id BETWEEN ? AND ?");
  if (!last) return std::move(last).error();
  Result<bool> found = last->bind_all(event_row(number, 0), event_row(number + 1, 0) - 1).step();
  if (!found) return std::move(found).error();
  if (!last->is_null(0)) parts->last_seq = seq_of_row(last->integer(0));
  return SqliteJournal(std::move(parts));
}

const RunRecord& SqliteJournal::run() const {
  return parts_->run;
}

void SqliteJournal::append(const Event& event) {
  parts_->batch.push_back(event);
}

Result<void> SqliteJournal::commit() {
  if (parts_->batch.empty()) return {};
  Result<void> written = parts_->write();
  if (written) {
    parts_->last_seq = parts_->batch.back().seq;
    parts_->batch.clear();
    parts_->checkpoints.clear();
    parts_->disk_full = false;
    return {};
  }
  parts_->disk_full = parts_->studies->disk_full();
  // What it keeps in memory speaks of rows that were rolled back.
  if (Result<void> loaded = parts_->projection.load(); !loaded && !parts_->disk_full) return loaded;
  return written;
}

Result<void> SqliteJournal::Parts::write() {
  Result<Transaction> transaction = Transaction::begin(*studies);
  if (!transaction) return std::move(transaction).error();
  for (const Event& event : batch) {
    if (Result<void> done = write_event(*studies, row, event); !done) return done;
    if (Result<void> done = projection.apply(event); !done) return done;
  }
  if (Result<void> done = projection.save(batch.back().at); !done) return done;
  for (const auto& [file, checkpoint] : checkpoints) {
    Result<void> done = studies->run(
        "INSERT INTO checkpoints (run, file, seq, length) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET seq = excluded.seq, length = excluded.length",
        row, file, checkpoint.seq, checkpoint.length);
    if (!done) return done;
  }
  return transaction->commit();
}

bool SqliteJournal::disk_full() const {
  return parts_->disk_full;
}

Result<void> SqliteJournal::replay(const std::function<void(const Event&)>& visit) {
  return read_events(*parts_->studies, parts_->row, 0, visit);
}

uint64_t SqliteJournal::last_seq() const {
  return parts_->last_seq;
}

Result<void> SqliteJournal::fix_engine(const std::string& engine, const std::string& endpoint) {
  RunRecord& run = parts_->run;
  if (!run.engine.empty() && (run.engine != engine || run.endpoint != endpoint))
    return Error{ErrorCode::Unavailable, "this run began on " + run.engine + " at " + run.endpoint +
                                             " and cannot go on with " + engine + " at " + endpoint};
  if (!run.engine.empty()) return {};
  Result<void> done = parts_->studies->run("UPDATE runs SET engine = ?, endpoint = ? WHERE id = ?", engine,
                                           endpoint, parts_->row);
  if (!done) return done;
  run.engine = engine;
  run.endpoint = endpoint;
  return {};
}

Result<void> SqliteJournal::replace_manifest(const std::string& manifest) {
  Result<void> done =
      parts_->studies->run("UPDATE runs SET manifest = ? WHERE id = ?", manifest, parts_->row);
  if (done) parts_->run.manifest = manifest;
  return done;
}

Result<void> SqliteJournal::replace_metrics(const AttemptKey& key, const std::vector<MetricValue>& metrics) {
  Sqlite& studies = *parts_->studies;
  Result<Statement> row = studies.prepare(
      "SELECT end_event FROM attempts a JOIN repetitions r ON r.id = a.repetition JOIN experiments e ON e.id "
      "= "
      "r.experiment WHERE e.run = ? AND e.generation = ? AND e.position = ? AND r.cycle = ? AND a.attempt = "
      "?");
  if (!row) return std::move(row).error();
  const RepetitionKey& repetition = key.repetition;
  Result<bool> found =
      row->bind_all(parts_->row, repetition.generation, repetition.index, repetition.cycle, key.attempt)
          .step();
  if (!found) return std::move(found).error();
  if (!*found || row->is_null(0))
    return Error{ErrorCode::NotFound, "studies.db: there is no such ended attempt"};
  const int64_t event = row->integer(0);
  row->reset();
  Result<Transaction> transaction = Transaction::begin(studies);
  if (!transaction) return std::move(transaction).error();
  if (Result<void> done = write_metrics(studies, event, metrics); !done) return done;
  Result<void> done =
      studies.run("DELETE FROM checkpoints WHERE run = ? AND file LIKE 'results.%'", parts_->row);
  if (!done) return done;
  return transaction->commit();
}

void SqliteJournal::set_checkpoints(const std::map<std::string, Checkpoint>& checkpoints) {
  parts_->checkpoints = checkpoints;
}

Result<std::map<std::string, Checkpoint>> SqliteJournal::checkpoints() const {
  Result<Statement> rows =
      parts_->studies->prepare("SELECT file, seq, length FROM checkpoints WHERE run = ?");
  if (!rows) return std::move(rows).error();
  rows->bind(1, parts_->row);
  std::map<std::string, Checkpoint> checkpoints;
  while (true) {
    Result<bool> more = rows->step();
    if (!more) return std::move(more).error();
    if (!*more) return checkpoints;
    checkpoints[rows->string(0)] = {static_cast<uint64_t>(rows->integer(1)),
                                    static_cast<uint64_t>(rows->integer(2))};
  }
}

}  // namespace studyctl
