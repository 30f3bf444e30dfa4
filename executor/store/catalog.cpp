#include "store/catalog.h"

#include "store/schema.h"
#include "store/text_list.h"

namespace studyctl {
namespace {

// Rows that are read before `visit` sees them: meanwhile the database is not locked.
constexpr int64_t kPage = 500;

std::optional<Instant> instant_at(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return Instant(Duration(row.integer(column)));
}

std::optional<int> number_at(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(static_cast<int>(row.integer(column)));
}

RunSummary run_summary(const Statement& row) {
  RunSummary run;
  run.record = {
      row.string(0), row.string(1), row.string(2), row.string(3), "", Instant(Duration(row.integer(4))),
      row.string(5), row.string(6)};
  run.state = run_state_named(row.text(7)).value_or(RunState::Interrupted);
  run.message = row.text(8);
  run.total = static_cast<uint64_t>(row.integer(9));
  uint64_t begun = 0;
  for (int i = 1; i < static_cast<int>(kRepetitionStates); ++i) {
    run.counts.at(static_cast<size_t>(i)) = static_cast<uint64_t>(row.integer(9 + i));
    begun += run.counts.at(static_cast<size_t>(i));
  }
  run.counts.at(0) = run.total - begun;
  run.started_at = instant_at(row, 18);
  run.finished_at = instant_at(row, 19);
  run.updated_at = Instant(Duration(row.integer(20)));
  return run;
}

constexpr const char* kRunsOfStudy =
    "SELECT uuid, studies.name, directory, design_hash, runs.created_at, engine, endpoint, state, message, "
    "total, "
    "starting, running, succeeded, failed, infeasible, cancelled, skipped, cached, started_at, finished_at, "
    "updated_at "
    "FROM runs JOIN studies ON studies.id = runs.study WHERE ?1 = '' OR studies.name = ?1 ORDER BY runs.id "
    "DESC";
constexpr const char* kRunNamed =
    "SELECT uuid, studies.name, directory, design_hash, runs.created_at, engine, endpoint, state, message, "
    "total, "
    "starting, running, succeeded, failed, infeasible, cancelled, skipped, cached, started_at, finished_at, "
    "updated_at "
    "FROM runs JOIN studies ON studies.id = runs.study WHERE substr(uuid, 1, length(?1)) = ?1 OR directory = "
    "?1 "
    "ORDER BY uuid = ?1 OR directory = ?1 DESC LIMIT 2";
constexpr const char* kRepetitions =
    "SELECT r.id, e.generation, e.position, r.cycle, e.name, e.parameters, r.state, r.reason, r.fail_count, "
    "r.attempt, "
    "a.message, a.exit_code, a.started_at, a.finished_at, a.duration, r.created_at, r.updated_at "
    "FROM repetitions r CROSS JOIN experiments e ON e.id = r.experiment "
    "LEFT JOIN attempts a ON a.repetition = r.id AND a.attempt = r.attempt "
    "WHERE r.run = ?1 AND r.id > ?2 AND (?3 = '' OR r.state IN (SELECT value FROM json_each(?3))) "
    "AND (?4 = '' OR r.reason IN (SELECT value FROM json_each(?4))) "
    "AND (?5 = '' OR substr(e.name, 1, length(?5)) = ?5) AND (?6 = 0 OR r.cycle = ?6) ORDER BY r.id LIMIT ?7";
constexpr const char* kAttempts =
    "SELECT e.generation, e.position, r.cycle, a.attempt, a.state, a.reason, a.exit_code, a.message, "
    "a.container, "
    "a.image_digest, a.cpus, a.devices, a.warnings, a.intended_at, a.started_at, a.finished_at, a.duration, "
    "a.counted, "
    "a.end_event FROM experiments e JOIN repetitions r ON r.experiment = e.id JOIN attempts a ON "
    "a.repetition = r.id "
    "WHERE e.run = ? AND e.name = ? AND r.cycle = ? ORDER BY a.attempt";

template <class Word>
std::string words(const std::vector<Word>& list) {
  std::vector<std::string> names;
  for (const Word word : list) names.emplace_back(name_of(word));
  return names.empty() ? "" : list_to_json(names);
}

RepetitionSummary repetition_summary(const Statement& row, const std::string& run_directory) {
  RepetitionSummary summary;
  summary.id = row.integer(0);
  summary.key = {static_cast<uint32_t>(row.integer(1)), static_cast<uint64_t>(row.integer(2)),
                 static_cast<uint32_t>(row.integer(3))};
  summary.experiment = row.text(4);
  summary.parameters = row.text(5);
  summary.state = repetition_state_named(row.text(6)).value_or(RepetitionState::Waiting);
  summary.reason = reason_named(row.text(7));
  summary.fail_count = static_cast<uint32_t>(row.integer(8));
  summary.attempt = static_cast<uint32_t>(row.integer(9));
  if (summary.state != RepetitionState::Succeeded) summary.message = row.text(10);
  const std::string& name = summary.experiment;
  const std::string spread = name.size() < 16 ? "00" : name.substr(name.size() - 16, 2);
  summary.job_dir =
      run_directory + "/experiments/" + spread + "/" + name + "/cycle-" + std::to_string(summary.key.cycle);
  summary.exit_code = number_at(row, 11);
  summary.started_at = instant_at(row, 12);
  summary.finished_at = instant_at(row, 13);
  summary.duration = Duration(row.integer(14));
  summary.created_at = Instant(Duration(row.integer(15)));
  summary.updated_at = Instant(Duration(row.integer(16)));
  return summary;
}

AttemptSummary attempt_summary(const Statement& row) {
  AttemptSummary summary;
  summary.key = {{static_cast<uint32_t>(row.integer(0)), static_cast<uint64_t>(row.integer(1)),
                  static_cast<uint32_t>(row.integer(2))},
                 static_cast<uint32_t>(row.integer(3))};
  summary.state = row.text(4);
  summary.reason = reason_named(row.text(5));
  summary.exit_code = number_at(row, 6);
  summary.message = row.text(7);
  summary.container = row.text(8);
  summary.image_digest = row.text(9);
  summary.cpus = row.text(10);
  summary.devices = list_from_json(row.text(11));
  summary.warnings = list_from_json(row.text(12));
  summary.intended_at = instant_at(row, 13);
  summary.started_at = instant_at(row, 14);
  summary.finished_at = instant_at(row, 15);
  summary.duration = Duration(row.integer(16));
  summary.counted = row.is_null(17) || row.integer(17) != 0;
  return summary;
}

}  // namespace

struct Catalog::Parts {
  std::unique_ptr<Sqlite> studies;

  struct Run {
    int64_t number = 0;
    std::string directory;
  };
  Result<Run> run(const std::string& id) {
    Result<Statement> row = studies->prepare("SELECT id, directory FROM runs WHERE uuid = ?");
    if (!row) return std::move(row).error();
    Result<bool> found = row->bind(1, id).step();
    if (!found) return std::move(found).error();
    if (!*found) return Error{ErrorCode::NotFound, "there is no run " + id};
    return Run{row->integer(0), row->string(1)};
  }

  Result<std::vector<RunSummary>> runs(const char* sql, const std::string& name) {
    Result<Statement> rows = studies->prepare(sql);
    if (!rows) return std::move(rows).error();
    rows->bind(1, name);
    std::vector<RunSummary> found;
    while (true) {
      Result<bool> more = rows->step();
      if (!more) return std::move(more).error();
      if (!*more) return found;
      found.push_back(run_summary(*rows));
    }
  }

  Result<std::vector<MetricValue>> metrics(int64_t event) {
    Result<Statement> rows =
        studies->prepare("SELECT name, value, unit FROM metrics WHERE event = ? ORDER BY position");
    if (!rows) return std::move(rows).error();
    rows->bind(1, event);
    std::vector<MetricValue> found;
    while (true) {
      Result<bool> more = rows->step();
      if (!more) return std::move(more).error();
      if (!*more) return found;
      constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
      found.push_back({rows->string(0), rows->is_null(1) ? kNone : rows->real(1), rows->string(2)});
    }
  }
};

Catalog::Catalog(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Catalog::Catalog(Catalog&&) noexcept = default;
Catalog& Catalog::operator=(Catalog&&) noexcept = default;
Catalog::~Catalog() = default;

Result<Catalog> Catalog::open(const std::filesystem::path& database) {
  auto studies = open_studies_for_reading(database);
  if (!studies) return std::move(studies).error();
  return Catalog(std::make_unique<Parts>(Parts{std::move(*studies)}));
}

Result<std::vector<RunSummary>> Catalog::runs(const std::string& study) const {
  return parts_->runs(kRunsOfStudy, study);
}

Result<RunSummary> Catalog::run(const std::string& name) const {
  Result<std::vector<RunSummary>> found = parts_->runs(kRunNamed, name);
  if (!found) return std::move(found).error();
  if (found->empty() || name.empty()) return Error{ErrorCode::NotFound, "there is no run " + name};
  const RunRecord& first = found->front().record;
  const bool is_exact = first.id == name || first.directory == name;
  if (found->size() > 1 && !is_exact) return Error{ErrorCode::Invalid, name + ": several runs begin so"};
  return std::move(found->front());
}

Result<RunSummary> Catalog::latest(const std::string& study) const {
  Result<std::vector<RunSummary>> found = runs(study);
  if (!found) return std::move(found).error();
  if (found->empty()) return Error{ErrorCode::NotFound, "there is no study " + study};
  return std::move(found->front());
}

Result<std::string> Catalog::manifest(const std::string& run_id) const {
  Result<Statement> row = parts_->studies->prepare("SELECT manifest FROM runs WHERE uuid = ?");
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind(1, run_id).step();
  if (!found) return std::move(found).error();
  if (!*found) return Error{ErrorCode::NotFound, "there is no run " + run_id};
  return row->string(0);
}

Result<void> Catalog::repetitions(const std::string& run_id, const RepetitionFilter& filter,
                                  const std::function<bool(const RepetitionSummary&)>& visit) const {
  Result<Parts::Run> run = parts_->run(run_id);
  if (!run) return std::move(run).error();
  int64_t after = filter.after;
  uint64_t left = filter.limit == 0 ? UINT64_MAX : filter.limit;
  while (true) {
    std::vector<RepetitionSummary> page;
    {
      Result<Statement> rows = parts_->studies->prepare(kRepetitions);
      if (!rows) return std::move(rows).error();
      rows->bind_all(run->number, after, words(filter.states), words(filter.reasons), filter.experiment,
                     filter.cycle.value_or(0), kPage);
      for (Result<bool> more = rows->step(); !more || *more; more = rows->step()) {
        if (!more) return std::move(more).error();
        page.push_back(repetition_summary(*rows, run->directory));
      }
    }
    for (const RepetitionSummary& summary : page)
      if (left-- == 0 || !visit(summary)) return {};
    if (page.size() < static_cast<size_t>(kPage)) return {};
    after = page.back().id;
  }
}

Result<std::vector<AttemptSummary>> Catalog::attempts(const std::string& run_id,
                                                      const std::string& experiment, uint32_t cycle) const {
  Result<Parts::Run> run = parts_->run(run_id);
  if (!run) return std::move(run).error();
  Result<Statement> rows = parts_->studies->prepare(kAttempts);
  if (!rows) return std::move(rows).error();
  rows->bind_all(run->number, experiment, cycle);
  std::vector<AttemptSummary> found;
  for (Result<bool> more = rows->step(); !more || *more; more = rows->step()) {
    if (!more) return std::move(more).error();
    found.push_back(attempt_summary(*rows));
    if (rows->is_null(18)) continue;
    Result<std::vector<MetricValue>> metrics = parts_->metrics(rows->integer(18));
    if (!metrics) return std::move(metrics).error();
    found.back().metrics = std::move(*metrics);
  }
  return found;
}

Result<std::vector<CommandRecord>> Catalog::commands(const std::string& run_id) const {
  Result<Parts::Run> run = parts_->run(run_id);
  if (!run) return std::move(run).error();
  Result<Statement> rows = parts_->studies->prepare(
      "SELECT at, who, command FROM commands WHERE event BETWEEN ? AND ? ORDER BY event");
  if (!rows) return std::move(rows).error();
  rows->bind_all(event_row(run->number, 0), event_row(run->number + 1, 0) - 1);
  std::vector<CommandRecord> found;
  for (Result<bool> more = rows->step(); !more || *more; more = rows->step()) {
    if (!more) return std::move(more).error();
    found.push_back({Instant(Duration(rows->integer(0))), rows->string(1), rows->string(2)});
  }
  return found;
}

Result<Catalog::Usage> Catalog::usage(const std::string& run_id) const {
  Result<Parts::Run> run = parts_->run(run_id);
  if (!run) return std::move(run).error();
  Result<Statement> row = parts_->studies->prepare(
      "SELECT sum(a.duration), sum(a.duration * e.cores), sum(a.duration * "
      "json_array_length(coalesce(a.devices, '[]'))) "
      "FROM repetitions r JOIN experiments e ON e.id = r.experiment JOIN attempts a ON a.repetition = r.id "
      "WHERE r.run = ?");
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind(1, run->number).step();
  if (!found) return std::move(found).error();
  return Usage{row->real(0) / 1000, row->real(1) / 1000, row->real(2) / 1000};
}

}  // namespace studyctl
