#include "store/sqlite_journal.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "store/announcer.h"
#include "store/appended_file.h"
#include "store/event_rows.h"
#include "store/projection.h"
#include "store/result_row.h"
#include "store/schema.h"

namespace studyctl {
namespace {

// The last events are told whole: how long attempts took of late is read from them.
constexpr uint64_t kAlwaysTold = 4096;
// Of result lines between two writes.
constexpr size_t kMostPending = 1 << 20;

Result<void> add_run(Sqlite& studies, const RunRecord& run) {
  Transaction transaction(studies);
  studies.run("INSERT OR IGNORE INTO studies (name, created_at) VALUES (?, ?)", run.study, run.created_at);
  studies.run(
      "INSERT INTO runs (uuid, study, directory, design_hash, manifest, engine, endpoint, state, message, "
      "generation, total, created_at, updated_at) "
      "SELECT ?1, id, ?2, ?3, ?4, ?5, ?6, 'Pending', '', 0, 0, ?7, ?7 FROM studies WHERE name = ?8",
      run.id, run.directory, run.design_hash, run.manifest, run.engine, run.endpoint, run.created_at,
      run.study);
  return transaction.commit();
}

}  // namespace

struct SqliteJournal::Parts {
  std::unique_ptr<Sqlite> studies;
  std::filesystem::path database;
  RunRecord run;
  int64_t row = 0;
  Projection projection;
  Announcer announcer;
  std::function<void()> on_message;
  uint64_t last_seq = 0;
  uint64_t published = 0;
  bool disk_full = false;
  std::vector<Event> batch;
  std::map<std::string, Checkpoint> checkpoints;                // not yet committed
  std::optional<std::pair<std::string, std::string>> manifest;  // and its design hash; not yet committed

  Parts(std::unique_ptr<Sqlite> connection, RunRecord record, int64_t number, DescribeExperiment describe)
      : studies(std::move(connection)),
        run(std::move(record)),
        row(number),
        projection(*studies, number, describe),
        announcer(*studies, number, std::move(describe)) {}

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
  auto connection = open_studies_for_writing(database);
  if (!connection) return std::move(connection).error();
  Sqlite& studies = **connection;
  RunRecord run;
  int64_t number = 0;
  {
    Rows row = studies.query(
        "SELECT runs.id, uuid, studies.name, directory, design_hash, manifest, runs.created_at, engine, "
        "endpoint "
        "FROM runs JOIN studies ON studies.id = runs.study WHERE uuid = ?",
        run_id);
    if (!row.next()) studies.fail({ErrorCode::NotFound, database.string() + ": has no run " + run_id});
    number = row.integer(0);
    run = {row.string(1), row.string(2),  row.string(3), row.string(4),
           row.string(5), row.instant(6), row.string(7), row.string(8)};
  }
  auto parts = std::make_unique<Parts>(*std::move(connection), std::move(run), number, std::move(describe));
  parts->database = database;
  parts->projection.load();
  parts->announcer.load();
  Rows last = studies.query("SELECT max(id) FROM events WHERE id BETWEEN ? AND ?", event_row(number, 0),
                            event_row(number + 1, 0) - 1);
  if (last.next() && !last.is_null(0)) parts->last_seq = seq_of_row(last.integer(0));
  if (Result<void> done = studies.outcome(); !done) return std::move(done).error();
  return SqliteJournal(std::move(parts));
}

const RunRecord& SqliteJournal::run() const {
  return parts_->run;
}

const std::filesystem::path& SqliteJournal::database() const {
  return parts_->database;
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
    if (parts_->manifest) std::tie(parts_->run.manifest, parts_->run.design_hash) = *parts_->manifest;
    parts_->manifest.reset();
    parts_->disk_full = false;
    if (parts_->announcer.wrote() && parts_->on_message) parts_->on_message();
    return {};
  }
  parts_->disk_full = parts_->studies->disk_full();
  // What it keeps in memory speaks of rows that were rolled back.
  parts_->projection.load();
  parts_->announcer.load();
  if (Result<void> loaded = parts_->studies->outcome(); !loaded && !parts_->disk_full) return loaded;
  return written;
}

Result<void> SqliteJournal::Parts::write() {
  Transaction transaction(*studies);
  for (const Event& event : batch) {
    write_event(*studies, row, event);
    projection.apply(event);
    announcer.apply(event);
  }
  projection.save(batch.back().at);
  announcer.save();
  if (manifest) {
    studies->run("UPDATE runs SET manifest = ?, design_hash = ? WHERE id = ?", manifest->first,
                 manifest->second, row);
    // Rows of what has left the plan are in them.
    studies->run("DELETE FROM checkpoints WHERE run = ? AND file LIKE 'results.%'", row);
  }
  for (const auto& [file, checkpoint] : checkpoints)
    studies->run(
        "INSERT INTO checkpoints (run, file, seq, length) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET seq = excluded.seq, length = excluded.length",
        row, file, checkpoint.seq, checkpoint.length);
  return transaction.commit();
}

bool SqliteJournal::disk_full() const {
  return parts_->disk_full;
}

Result<void> SqliteJournal::replay(const std::function<void(const Event&)>& visit) {
  const uint64_t last_of_interest = parts_->last_seq - std::min(parts_->last_seq, kAlwaysTold);
  read_events(*parts_->studies, parts_->row, std::min(parts_->published, last_of_interest), visit);
  return parts_->studies->outcome();
}

void SqliteJournal::set_published(uint64_t seq) {
  parts_->published = seq;
}

uint32_t SqliteJournal::generation() const {
  return parts_->projection.generation();
}

uint64_t SqliteJournal::experiments() const {
  return parts_->projection.experiments();
}

uint32_t SqliteJournal::cycles() const {
  return parts_->projection.cycles();
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
  parts_->studies->run("UPDATE runs SET engine = ?, endpoint = ? WHERE id = ?", engine, endpoint,
                       parts_->row);
  if (Result<void> done = parts_->studies->outcome(); !done) return done;
  run.engine = engine;
  run.endpoint = endpoint;
  return {};
}

void SqliteJournal::set_manifest(const std::string& manifest, const std::string& design_hash) {
  parts_->manifest = {manifest, design_hash};
}

Result<void> SqliteJournal::set_notifications(const std::vector<Notification>& rules,
                                              std::function<void()> on_message) {
  parts_->on_message = std::move(on_message);
  return parts_->announcer.set_rules(rules);
}

Result<void> SqliteJournal::known_experiments(
    const std::function<void(const KnownExperiment&)>& visit) const {
  Rows rows = parts_->studies->query(
      "SELECT generation, position, coalesce(cycles, 0), identity FROM experiments WHERE run = ?",
      parts_->row);
  while (rows.next())
    visit({static_cast<uint32_t>(rows.integer(0)), static_cast<uint64_t>(rows.integer(1)),
           static_cast<uint32_t>(rows.integer(2)), rows.string(3)});
  return parts_->studies->outcome();
}

Result<void> SqliteJournal::remake_results(const std::filesystem::path& file) {
  Sqlite& studies = *parts_->studies;
  const std::filesystem::path fresh = file.string() + ".new";
  auto remade = AppendedFile::open(fresh, {});
  if (!remade) return std::move(remade).error();
  Rows metrics = studies.query(
      "SELECT m.event, m.name, m.value, m.unit FROM metrics m WHERE m.event BETWEEN ? AND ? "
      "ORDER BY m.event, m.position",
      event_row(parts_->row, 0), event_row(parts_->row + 1, 0) - 1);
  bool more = metrics.next();
  Rows rows = studies.query(
      "SELECT e.name, r.cycle, a.attempt, e.parameters, a.started_at, a.duration, a.image_digest, a.devices, "
      "a.warnings, coalesce(r.source, ''), a.end_event, a.flags FROM runs JOIN experiments e ON e.run = "
      "runs.id AND "
      "e.generation = runs.generation JOIN repetitions r ON r.experiment = e.id "
      "JOIN attempts a ON a.repetition = r.id AND a.attempt = r.attempt WHERE runs.id = ? "
      "AND r.state IN ('Succeeded', 'Cached') AND r.cycle <= max(coalesce(e.cycles, 0), runs.cycles) "
      "ORDER BY a.end_event",
      parts_->row);
  while (rows.next()) {
    const Instant started_at = rows.instant(4);
    const Duration duration(rows.integer(5));
    ResultRow row{rows.string(0),
                  static_cast<uint32_t>(rows.integer(1)),
                  static_cast<uint32_t>(rows.integer(2)),
                  rows.string(3),
                  {},
                  started_at,
                  started_at + duration,
                  duration,
                  rows.string(6),
                  rows.list(7),
                  rows.list(8),
                  rows.string(9),
                  rows.list(11)};
    for (; more && metrics.integer(0) <= rows.integer(10); more = metrics.next())
      if (metrics.integer(0) == rows.integer(10))
        row.metrics.push_back({metrics.string(1), metrics.real(2), metrics.string(3)});
    remade->add(parts_->last_seq, to_json_line(row));
    if (remade->pending() > kMostPending)
      if (auto flushed = remade->flush(); !flushed) return flushed;
  }
  remade->add(parts_->last_seq, "");
  if (auto read = studies.outcome(); !read) return read;
  if (auto flushed = remade->flush(); !flushed) return flushed;
  if (auto synced = remade->sync(); !synced) return synced;
  std::error_code failed;
  std::filesystem::rename(fresh, file, failed);
  if (failed) return Error{ErrorCode::Unavailable, file.string() + ": " + failed.message()};
  studies.run("INSERT OR REPLACE INTO checkpoints (run, file, seq, length) VALUES (?, ?, ?, ?)", parts_->row,
              file.filename().string(), remade->checkpoint().seq, remade->checkpoint().length);
  return studies.outcome();
}

Result<void> SqliteJournal::replace_manifest(const std::string& manifest, const std::string& design_hash) {
  parts_->studies->run("UPDATE runs SET manifest = ?, design_hash = ? WHERE id = ?", manifest, design_hash,
                       parts_->row);
  if (Result<void> done = parts_->studies->outcome(); !done) return done;
  parts_->run.manifest = manifest;
  parts_->run.design_hash = design_hash;
  return {};
}

bool SqliteJournal::reuse_is_done() const {
  Rows row = parts_->studies->query("SELECT reuse_done FROM runs WHERE id = ?", parts_->row);
  return row.next() && row.integer(0) != 0;
}

Result<void> SqliteJournal::note_reuse_done() {
  parts_->studies->run("UPDATE runs SET reuse_done = 1 WHERE id = ?", parts_->row);
  return parts_->studies->outcome();
}

Result<void> SqliteJournal::replace_metrics(const AttemptKey& key, const std::vector<MetricValue>& metrics) {
  Sqlite& studies = *parts_->studies;
  const RepetitionKey& repetition = key.repetition;
  Transaction transaction(studies);
  {
    Rows row = studies.query(
        "SELECT end_event FROM attempts a JOIN repetitions r ON r.id = a.repetition JOIN experiments e ON "
        "e.id = "
        "r.experiment WHERE e.run = ? AND e.generation = ? AND e.position = ? AND r.cycle = ? AND a.attempt "
        "= ?",
        parts_->row, repetition.generation, repetition.index, repetition.cycle, key.attempt);
    if (row.next() && !row.is_null(0))
      write_metrics(studies, row.integer(0), metrics);
    else
      studies.fail({ErrorCode::NotFound, "studies.db: there is no such ended attempt"});
  }
  studies.run("DELETE FROM checkpoints WHERE run = ? AND file LIKE 'results.%'", parts_->row);
  return transaction.commit();
}

void SqliteJournal::set_checkpoints(const std::map<std::string, Checkpoint>& checkpoints) {
  parts_->checkpoints = checkpoints;
}

Result<std::map<std::string, Checkpoint>> SqliteJournal::checkpoints() const {
  std::map<std::string, Checkpoint> checkpoints;
  Rows rows = parts_->studies->query("SELECT file, seq, length FROM checkpoints WHERE run = ?", parts_->row);
  while (rows.next())
    checkpoints[rows.string(0)] = {static_cast<uint64_t>(rows.integer(1)),
                                   static_cast<uint64_t>(rows.integer(2))};
  if (Result<void> done = parts_->studies->outcome(); !done) return std::move(done).error();
  return checkpoints;
}

Result<void> delete_run(const std::filesystem::path& database, const std::string& run_id) {
  auto connection = open_studies_for_writing(database);
  if (!connection) return std::move(connection).error();
  Sqlite& studies = **connection;
  Transaction transaction(studies);
  int64_t run = 0;
  if (Rows row = studies.query("SELECT id FROM runs WHERE uuid = ?", run_id); row.next())
    run = row.integer(0);
  const int64_t first = event_row(run, 0), last = event_row(run + 1, 0) - 1;
  studies.run(
      "DELETE FROM attempts WHERE repetition IN (SELECT r.id FROM repetitions r JOIN experiments e "
      "ON e.id = r.experiment WHERE e.run = ?)",
      run);
  studies.run("DELETE FROM repetitions WHERE experiment IN (SELECT id FROM experiments WHERE run = ?)", run);
  studies.run("DELETE FROM experiments WHERE run = ?", run);
  studies.run("DELETE FROM metrics WHERE event BETWEEN ? AND ?", first, last);
  studies.run("DELETE FROM commands WHERE event BETWEEN ? AND ?", first, last);
  studies.run("DELETE FROM events WHERE id BETWEEN ? AND ?", first, last);
  studies.run("DELETE FROM checkpoints WHERE run = ?", run);
  studies.run("DELETE FROM messages WHERE run = ?", run);
  studies.run("DELETE FROM notifications WHERE run = ?", run);
  studies.run("DELETE FROM runs WHERE id = ?", run);
  studies.run("DELETE FROM studies WHERE id NOT IN (SELECT study FROM runs)");
  return transaction.commit();
}

}  // namespace studyctl
