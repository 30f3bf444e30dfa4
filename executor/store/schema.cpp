#include "store/schema.h"

#include <string>

#include "store/file_system.h"

namespace studyctl {
namespace {

constexpr int64_t kVersion = 3;

// Times are milliseconds since 1970, durations milliseconds; states and reasons are the words that users see.
// An experiment and a repetition get a row when the repetition's first attempt is intended.
constexpr const char* kTables = R"sql(
CREATE TABLE studies (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL);

CREATE TABLE runs (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, study INTEGER NOT NULL REFERENCES studies(id),
  directory TEXT NOT NULL, design_hash TEXT NOT NULL, manifest TEXT NOT NULL,
  engine TEXT NOT NULL, endpoint TEXT NOT NULL,
  state TEXT NOT NULL, message TEXT NOT NULL, generation INTEGER NOT NULL, total INTEGER NOT NULL,
  starting INTEGER NOT NULL DEFAULT 0, running INTEGER NOT NULL DEFAULT 0, succeeded INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0, infeasible INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0, cached INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER);
CREATE INDEX runs_of_study ON runs(study);

CREATE TABLE events (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL,
  generation INTEGER, experiment INTEGER, cycle INTEGER, attempt INTEGER,
  reason TEXT, state TEXT, counted INTEGER, number INTEGER, duration INTEGER, backoff INTEGER,
  text TEXT, more TEXT, list TEXT);

CREATE TABLE metrics (
  event INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, value REAL, unit TEXT NOT NULL,
  PRIMARY KEY (event, position)) WITHOUT ROWID;

CREATE TABLE experiments (
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id), generation INTEGER NOT NULL,
  position INTEGER NOT NULL, name TEXT NOT NULL, identity TEXT NOT NULL, parameters TEXT NOT NULL, cores REAL NOT NULL,
  UNIQUE (run, generation, position));

CREATE TABLE repetitions (
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id),
  experiment INTEGER NOT NULL REFERENCES experiments(id), cycle INTEGER NOT NULL,
  state TEXT NOT NULL, reason TEXT, fail_count INTEGER NOT NULL DEFAULT 0, attempt INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  UNIQUE (experiment, cycle));
CREATE INDEX repetitions_of_run ON repetitions(run);

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY, repetition INTEGER NOT NULL REFERENCES repetitions(id), attempt INTEGER NOT NULL,
  state TEXT NOT NULL, reason TEXT, exit_code INTEGER, counted INTEGER, message TEXT NOT NULL DEFAULT '',
  container TEXT, image_digest TEXT, devices TEXT, cpus TEXT, warnings TEXT,
  intended_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER, duration INTEGER, end_event INTEGER,
  UNIQUE (repetition, attempt));

CREATE TABLE commands (
  event INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, command TEXT NOT NULL);

CREATE TABLE checkpoints (
  run INTEGER NOT NULL, file TEXT NOT NULL, seq INTEGER NOT NULL, length INTEGER NOT NULL,
  PRIMARY KEY (run, file)) WITHOUT ROWID;
)sql";

// From version 1 to 2. Cycles are those that are planned, of an experiment where it has more than the run;
// changes are those of the plan; reuse_done says that earlier runs were searched since the last of them. A
// note says who skipped a repetition and why, its source is the directory of the run that it is cached from.
constexpr const char* kSecond = R"sql(
ALTER TABLE runs ADD COLUMN experiments INTEGER;
ALTER TABLE runs ADD COLUMN cycles INTEGER;
ALTER TABLE runs ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN reuse_done INTEGER NOT NULL DEFAULT 0;
ALTER TABLE experiments ADD COLUMN cycles INTEGER;
ALTER TABLE repetitions ADD COLUMN note TEXT;
ALTER TABLE repetitions ADD COLUMN source TEXT;
UPDATE runs SET (experiments, cycles) = (SELECT experiment, cycle FROM events WHERE events.id = (runs.id << 40) + 1);
ALTER TABLE events ADD COLUMN memory INTEGER;
ALTER TABLE events ADD COLUMN timeout INTEGER;
ALTER TABLE attempts ADD COLUMN conditions TEXT;
ALTER TABLE attempts ADD COLUMN flags TEXT;
)sql";

// From version 2 to 3. What is to be told, and what became of that; and the rules by which it is, as a run
// has them now. A message's data is a JSON object.
constexpr const char* kThird = R"sql(
CREATE TABLE messages (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, run INTEGER NOT NULL REFERENCES runs(id), rule TEXT NOT NULL,
  occasion TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'Waiting', tries INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL,
  ended_at INTEGER, destination TEXT NOT NULL, error TEXT NOT NULL DEFAULT '');
CREATE INDEX messages_of_run ON messages(run, rule);
CREATE INDEX messages_waiting ON messages(run, rule, id) WHERE state = 'Waiting';

CREATE TABLE notifications (
  run INTEGER NOT NULL REFERENCES runs(id), name TEXT NOT NULL, rule TEXT NOT NULL,
  PRIMARY KEY (run, name)) WITHOUT ROWID;
)sql";

// Public contract: columns are added at the end, never renamed. Times are ISO 8601 in UTC, wall_time is
// seconds.
constexpr const char* kViews = R"sql(
DROP VIEW IF EXISTS jobs;
DROP VIEW IF EXISTS job_metrics;

CREATE VIEW jobs AS SELECT
  r.id AS id, runs.uuid AS run, e.name AS experiment, r.cycle AS cycle, r.state AS state, r.reason AS reason,
  r.fail_count AS fail_count, r.attempt AS attempt,
  coalesce(r.source, runs.directory) || '/experiments/' || substr(e.name, -16, 2) || '/' || e.name || '/cycle-' || r.cycle AS job_dir,
  CASE WHEN r.state IN ('Succeeded', 'Cached') THEN NULL ELSE nullif(a.message, '') END AS error_message,
  a.duration / 1000.0 AS wall_time, nullif(e.cores, 0) AS n_cores,
  strftime('%Y-%m-%dT%H:%M:%fZ', r.created_at / 1000.0, 'unixepoch') AS created_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', r.updated_at / 1000.0, 'unixepoch') AS updated_at,
  studies.name AS study, e.parameters AS parameters, a.exit_code AS exit_code, a.devices AS devices,
  a.image_digest AS image_digest, a.container AS container,
  strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch') AS started_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', a.finished_at / 1000.0, 'unixepoch') AS finished_at,
  a.warnings AS warnings, e.identity AS identity, r.source AS source, r.note AS note,
  e.generation = runs.generation AND r.cycle <= max(coalesce(e.cycles, 0), runs.cycles) AS is_planned,
  a.flags AS flags, a.conditions AS conditions
FROM repetitions r JOIN experiments e ON e.id = r.experiment JOIN runs ON runs.id = e.run
JOIN studies ON studies.id = runs.study LEFT JOIN attempts a ON a.repetition = r.id AND a.attempt = r.attempt;

CREATE VIEW job_metrics AS SELECT r.id AS job, m.name AS name, m.value AS value, m.unit AS unit
FROM repetitions r JOIN attempts a ON a.repetition = r.id AND a.attempt = r.attempt
JOIN metrics m ON m.event = a.end_event ORDER BY r.id, m.position;
)sql";

// Made in older databases too.
constexpr const char* kIndexes = "CREATE INDEX IF NOT EXISTS experiments_by_name ON experiments(run, name);";

int64_t version_of(Sqlite& connection) {
  Rows row = connection.query("PRAGMA user_version");
  return row.next() ? row.integer(0) : 0;
}

Error newer(const std::filesystem::path& database) {
  return {ErrorCode::Conflict, database.string() + ": a newer studyctl wrote it; use that one"};
}

}  // namespace

Result<std::unique_ptr<Sqlite>> open_studies_for_writing(const std::filesystem::path& database) {
  const auto directory = database.has_parent_path() ? database.parent_path() : std::filesystem::path(".");
  auto connection =
      Sqlite::open(database, is_on_network(directory) ? Sqlite::Mode::WriteNetwork : Sqlite::Mode::Write);
  if (!connection) return connection;
  Sqlite& studies = **connection;
  Transaction transaction(studies);
  const int64_t version = version_of(studies);
  if (version > kVersion) return newer(database);
  if (version == 0) studies.execute(kTables);
  if (version < 2) studies.execute(kSecond);
  if (version < 3) studies.execute(kThird);
  if (version < kVersion)
    studies.execute(std::string(kViews) + "PRAGMA user_version = " + std::to_string(kVersion));
  studies.execute(kIndexes);
  if (Result<void> done = transaction.commit(); !done) return std::move(done).error();
  return connection;
}

Result<std::unique_ptr<Sqlite>> open_studies_for_reading(const std::filesystem::path& database) {
  auto connection = Sqlite::open(database, Sqlite::Mode::Read);
  if (!connection) return connection;
  const int64_t version = version_of(**connection);
  if (Result<void> done = (*connection)->outcome(); !done) return std::move(done).error();
  if (version > kVersion) return newer(database);
  // Its controller is about to make it.
  if (version == 0) return Error{ErrorCode::NotFound, database.string() + ": there are no studies yet"};
  if (version == kVersion) return connection;
  // Brought up to this version first; one that still writes it does not mind.
  if (auto upgraded = open_studies_for_writing(database); !upgraded) return upgraded;
  return Sqlite::open(database, Sqlite::Mode::Read);
}

}  // namespace studyctl
