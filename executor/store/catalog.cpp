#include "store/catalog.h"

#include "store/attempt_record.h"
#include "store/run_directory.h"
#include "store/schema.h"
#include "store/text_list.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

// Rows that are read before `visit` sees them: meanwhile the database is not locked.
constexpr int64_t kPage = 500;

std::optional<int> number_at(const Rows& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(static_cast<int>(row.integer(column)));
}

// A JSON array of the words, for json_each(); "" for none: they all are let through.
template <class Word>
std::string words(const std::vector<Word>& list) {
  std::vector<std::string> names;
  for (const Word word : list) names.emplace_back(name_of(word));
  return names.empty() ? "" : list_to_json(names);
}

RunSummary run_summary(const Rows& row) {
  RunSummary run;
  run.record = {row.string(0),  row.string(1), row.string(2), row.string(3), "",
                row.instant(4), row.string(5), row.string(6)};
  run.state = run_state_named(row.text(7)).value_or(RunState::Interrupted);
  run.message = row.text(8);
  run.total = static_cast<uint64_t>(row.integer(9));
  uint64_t begun = 0;
  for (int i = 1; i < static_cast<int>(kRepetitionStates); ++i) {
    run.counts.at(static_cast<size_t>(i)) = static_cast<uint64_t>(row.integer(9 + i));
    begun += run.counts.at(static_cast<size_t>(i));
  }
  run.counts.at(0) = run.total - begun;
  run.started_at = row.maybe_instant(18);
  run.finished_at = row.maybe_instant(19);
  run.updated_at = row.instant(20);
  run.generation = static_cast<uint32_t>(row.integer(21));
  return run;
}

RepetitionSummary repetition_summary(const Rows& row, const std::string& run_directory) {
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
  summary.source = row.text(17);
  if (summary.state == RepetitionState::Cached) summary.message = "from " + summary.source;
  if (summary.source.empty() && summary.state != RepetitionState::Succeeded) summary.message = row.text(10);
  if (summary.state == RepetitionState::Skipped) summary.message = row.text(18);
  const std::string& name = summary.experiment;
  const std::string spread = name.size() < 16 ? "00" : name.substr(name.size() - 16, 2);
  summary.job_dir = (summary.source.empty() ? run_directory : summary.source) + "/experiments/" + spread +
                    "/" + name + "/cycle-" + std::to_string(summary.key.cycle);
  summary.exit_code = number_at(row, 11);
  summary.started_at = row.maybe_instant(12);
  summary.finished_at = row.maybe_instant(13);
  summary.duration = Duration(row.integer(14));
  summary.created_at = row.instant(15);
  summary.updated_at = row.instant(16);
  summary.flags = row.list(19);
  return summary;
}

AttemptSummary attempt_summary(const Rows& row) {
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
  summary.devices = row.list(11);
  summary.warnings = row.list(12);
  summary.intended_at = row.maybe_instant(13);
  summary.started_at = row.maybe_instant(14);
  summary.finished_at = row.maybe_instant(15);
  summary.duration = Duration(row.integer(16));
  summary.counted = row.is_null(17) || row.integer(17) != 0;
  summary.flags = row.list(20);
  return summary;
}

constexpr std::string_view kRuns =
    "SELECT uuid, studies.name, directory, design_hash, runs.created_at, engine, endpoint, state, message, "
    "total, "
    "starting, running, succeeded, failed, infeasible, cancelled, skipped, cached, started_at, finished_at, "
    "updated_at, generation FROM runs JOIN studies ON studies.id = runs.study ";

constexpr std::string_view kRepetitions =
    "SELECT r.id, e.generation, e.position, r.cycle, e.name, e.parameters, r.state, r.reason, r.fail_count, "
    "r.attempt, a.message, a.exit_code, a.started_at, a.finished_at, a.duration, r.created_at, r.updated_at, "
    "coalesce(r.source, ''), coalesce(r.note, ''), a.flags FROM ";

// CROSS JOIN: in this order, whatever the planner thinks of the tables' sizes.
constexpr std::string_view kInOrder = "repetitions r CROSS JOIN experiments e ON e.id = r.experiment ";
constexpr std::string_view kByName = "experiments e CROSS JOIN repetitions r ON r.experiment = e.id ";
constexpr std::string_view kThatMatch =
    "LEFT JOIN attempts a ON a.repetition = r.id AND a.attempt = r.attempt "
    "WHERE e.run = ?1 AND r.run = ?1 AND r.id > ?2 AND (?3 = '' OR r.state IN (SELECT value FROM "
    "json_each(?3))) "
    "AND (?4 = '' OR r.reason IN (SELECT value FROM json_each(?4))) "
    "AND e.name BETWEEN ?5 AND ?5 || char(1114111) AND (?6 = 0 OR r.cycle = ?6) "
    "AND r.fail_count BETWEEN ?8 AND ?9 "
    "AND e.generation = (SELECT generation FROM runs WHERE id = ?1) AND r.cycle <= max(coalesce(e.cycles, "
    "0), (SELECT cycles FROM runs WHERE id = ?1)) ORDER BY r.id LIMIT ?7";

// A row for each of an experiment's states and reasons; a page is cut between experiments.
constexpr std::string_view kPageOfExperiments =
    "SELECT e.generation, e.position, e.name, e.parameters, r.state, coalesce(r.reason, ''), count(*), "
    "sum(r.fail_count), count(a.flags) FROM (SELECT * FROM experiments e WHERE run = ?1 AND e.generation = "
    "(SELECT "
    "generation FROM runs WHERE id = ?1) "
    "AND position > ?2 AND (?3 = '' OR substr(name, 1, length(?3)) = ?3) ORDER BY position LIMIT ?4) e "
    "JOIN repetitions r ON r.experiment = e.id AND r.cycle <= max(coalesce(e.cycles, 0), (SELECT cycles FROM "
    "runs WHERE id = ?1)) LEFT JOIN attempts a ON a.repetition = r.id AND a.attempt = r.attempt WHERE (?5 = "
    "'' OR r.state IN (SELECT value FROM json_each(?5))) "
    "AND (?6 = '' OR r.reason IN (SELECT value FROM json_each(?6))) AND r.fail_count >= ?7 "
    "GROUP BY e.position, r.state, r.reason ORDER BY e.position";
// Where a page ends, also when the filter lets nothing of it through.
constexpr std::string_view kEndOfPage =
    "SELECT max(position) FROM (SELECT position FROM experiments e WHERE run = ?1 AND e.generation = (SELECT "
    "generation FROM runs WHERE id = ?1) "
    "AND position > ?2 AND (?3 = '' OR substr(name, 1, length(?3)) = ?3) ORDER BY position LIMIT ?4)";

void add(const Rows& row, std::vector<ExperimentSummary>& page) {
  const auto generation = static_cast<uint32_t>(row.integer(0));
  const auto index = static_cast<uint64_t>(row.integer(1));
  if (page.empty() || page.back().index != index)
    page.push_back({generation, index, row.string(2), row.string(3), {}, {}, 0, 0});
  ExperimentSummary& experiment = page.back();
  const auto count = static_cast<uint64_t>(row.integer(6));
  if (const auto state = repetition_state_named(row.text(4)))
    experiment.counts.at(static_cast<size_t>(*state)) += count;
  if (const auto reason = reason_named(row.text(5)))
    experiment.reasons.at(static_cast<size_t>(*reason)) += count;
  experiment.fail_count += static_cast<uint64_t>(row.integer(7));
  experiment.flagged += static_cast<uint64_t>(row.integer(8));
}

}  // namespace

Result<Catalog> Catalog::open(const std::filesystem::path& database) {
  auto studies = open_studies_for_reading(database);
  if (!studies) return std::move(studies).error();
  return Catalog(*std::move(studies));
}

Result<Catalog> Catalog::of(const ResultsVolume& volume) {
  auto catalog = open(volume.database());
  if (catalog || catalog.error().code != ErrorCode::NotFound) return catalog;
  for (const fs::path& run : find_run_directories(volume.root())) {
    // One that a crash left before it began has no line of progress.
    std::error_code missing;
    const auto size = fs::file_size(run / "progress.jsonl", missing);
    if (missing || size == 0) continue;
    return Error{ErrorCode::Unavailable, volume.database().string() + ": is gone, but there are runs, as " +
                                             run.string() +
                                             ": `studyctl doctor --rebuild` makes it again from their files"};
  }
  return catalog;
}

Catalog::Run Catalog::run_row(const std::string& run_id) const {
  Rows row = studies_->query("SELECT id, directory FROM runs WHERE uuid = ?", run_id);
  if (row.next()) return {row.integer(0), row.string(1)};
  studies_->fail({ErrorCode::NotFound, "there is no run " + run_id});
  return {};
}

Result<std::vector<RunSummary>> Catalog::list_runs(const std::string& condition,
                                                   const std::string& name) const {
  std::vector<RunSummary> found;
  Rows rows = studies_->query(std::string(kRuns) + condition, name);
  while (rows.next()) found.push_back(run_summary(rows));
  return outcome(std::move(found));
}

Result<std::vector<RunSummary>> Catalog::runs(const std::string& study) const {
  return list_runs("WHERE ?1 = '' OR studies.name = ?1 ORDER BY runs.id DESC", study);
}

Result<std::vector<RunSummary>> Catalog::unfinished() const {
  auto newest = list_runs(
      "WHERE ?1 = '' AND runs.id IN (SELECT max(id) FROM runs GROUP BY study) ORDER BY runs.id DESC", "");
  if (newest) std::erase_if(*newest, [](const RunSummary& run) { return is_final(run.state); });
  return newest;
}

Result<RunSummary> Catalog::run(const std::string& name) const {
  auto found = list_runs(
      "WHERE substr(uuid, 1, length(?1)) = ?1 OR directory = ?1 ORDER BY uuid = ?1 OR directory = ?1 DESC "
      "LIMIT 2",
      name);
  if (!found) return std::move(found).error();
  if (found->empty() || name.empty()) return Error{ErrorCode::NotFound, "there is no run " + name};
  const RunRecord& first = found->front().record;
  const bool is_exact = first.id == name || first.directory == name;
  if (found->size() > 1 && !is_exact) return Error{ErrorCode::Invalid, name + ": several runs begin so"};
  return std::move(found->front());
}

Result<RunSummary> Catalog::latest(const std::string& study) const {
  auto found = runs(study);
  if (!found) return std::move(found).error();
  if (found->empty()) return Error{ErrorCode::NotFound, "there is no study " + study};
  return std::move(found->front());
}

Result<std::string> Catalog::manifest(const std::string& run_id) const {
  Rows row = studies_->query("SELECT manifest FROM runs WHERE uuid = ?", run_id);
  if (!row.next()) studies_->fail({ErrorCode::NotFound, "there is no run " + run_id});
  return outcome(row.string(0));
}

Result<void> Catalog::repetitions(const std::string& run_id, const RepetitionFilter& filter,
                                  const std::function<bool(const RepetitionSummary&)>& visit) const {
  const Run run = run_row(run_id);
  const std::string sql = std::string(kRepetitions) +
                          std::string(filter.experiment.empty() ? kInOrder : kByName) +
                          std::string(kThatMatch);
  int64_t after = filter.after;
  uint64_t left = filter.limit == 0 ? UINT64_MAX : filter.limit;
  while (true) {
    std::vector<RepetitionSummary> page;
    {
      Rows rows = studies_->query(sql, run.number, after, words(filter.states), words(filter.reasons),
                                  filter.experiment, filter.cycle.value_or(0), kPage, filter.min_fails,
                                  filter.max_fails);
      while (rows.next()) page.push_back(repetition_summary(rows, run.directory));
    }
    if (Result<void> done = studies_->outcome(); !done) return done;
    for (const RepetitionSummary& summary : page)
      if (left-- == 0 || !visit(summary)) return {};
    if (page.size() < static_cast<size_t>(kPage)) return {};
    after = page.back().id;
  }
}

Result<void> Catalog::experiments(const std::string& run_id, const RepetitionFilter& filter,
                                  const std::function<bool(const ExperimentSummary&)>& visit) const {
  const int64_t run = run_row(run_id).number;
  const std::string states = words(filter.states), reasons = words(filter.reasons);
  int64_t position = filter.after - 1;  // of the last one seen
  while (true) {
    std::vector<ExperimentSummary> page;
    {
      Rows rows = studies_->query(kPageOfExperiments, run, position, filter.experiment, kPage, states,
                                  reasons, filter.min_fails);
      while (rows.next()) add(rows, page);
    }
    bool is_end = true;
    if (Rows end = studies_->query(kEndOfPage, run, position, filter.experiment, kPage);
        end.next() && !end.is_null(0)) {
      is_end = false;
      position = end.integer(0);
    }
    if (Result<void> done = studies_->outcome(); !done) return done;
    for (const ExperimentSummary& experiment : page)
      if (!visit(experiment)) return {};
    if (is_end) return {};
  }
}

Result<std::vector<AttemptSummary>> Catalog::attempts(const std::string& run_id,
                                                      const std::string& experiment, uint32_t cycle) const {
  std::vector<AttemptSummary> found;
  Rows rows = studies_->query(
      "SELECT e.generation, e.position, r.cycle, a.attempt, a.state, a.reason, a.exit_code, a.message, "
      "a.container, a.image_digest, a.cpus, a.devices, a.warnings, a.intended_at, a.started_at, "
      "a.finished_at, "
      "a.duration, a.counted, a.end_event, coalesce(r.source, ''), a.flags FROM experiments e JOIN "
      "repetitions r ON "
      "r.experiment = e.id "
      "JOIN attempts a ON a.repetition = r.id WHERE e.run = ? AND e.name = ? AND r.cycle = ? ORDER BY "
      "a.attempt",
      run_row(run_id).number, experiment, cycle);
  while (rows.next()) {
    found.push_back(attempt_summary(rows));
    found.back().source = rows.text(19);
    Rows metrics = studies_->query("SELECT name, value, unit FROM metrics WHERE event = ? ORDER BY position",
                                   rows.integer(18));
    while (metrics.next())
      found.back().metrics.push_back({metrics.string(0), metrics.real(1), metrics.string(2)});
  }
  return outcome(std::move(found));
}

Result<void> Catalog::done(const std::string& study, const std::function<void(const Done&)>& visit) const {
  Rows rows = studies_->query(
      "SELECT runs.uuid, coalesce(r.source, runs.directory), e.identity, r.cycle, a.attempt, a.started_at, "
      "a.duration, "
      "a.image_digest, a.devices, a.end_event, a.conditions FROM studies JOIN runs ON runs.study = "
      "studies.id "
      "JOIN repetitions r ON r.run = runs.id JOIN experiments e ON e.id = r.experiment "
      "JOIN attempts a ON a.repetition = r.id AND a.attempt = r.attempt "
      "WHERE studies.name = ? AND r.state IN ('Succeeded', 'Cached') ORDER BY runs.id DESC",
      study);
  Done done;
  while (rows.next()) {
    done.run_id = rows.text(0);
    done.as_cached.run = rows.text(1);
    done.identity = rows.text(2);
    done.cycle = static_cast<uint32_t>(rows.integer(3));
    done.as_cached.key.attempt = static_cast<uint32_t>(rows.integer(4));
    done.as_cached.started_at = rows.instant(5);
    done.as_cached.duration = Duration(rows.integer(6));
    done.as_cached.image_digest = rows.text(7);
    done.as_cached.devices = rows.list(8);
    done.end_event = rows.integer(9);
    done.as_cached.conditions = {};
    if (!rows.is_null(10))
      if (auto conditions = conditions_from_json(rows.text(10)))
        done.as_cached.conditions = *std::move(conditions);
    visit(done);
  }
  return studies_->outcome();
}

Result<void> Catalog::values_of(const std::string& run_id, const std::string& metric,
                                const std::function<void(uint64_t index, double value)>& visit) const {
  Rows rows = studies_->query(
      "SELECT e.position, m.value FROM runs JOIN experiments e ON e.run = runs.id AND e.generation = "
      "runs.generation JOIN repetitions r ON r.experiment = e.id JOIN attempts a ON a.repetition = r.id AND "
      "a.attempt = r.attempt JOIN metrics m ON m.event = a.end_event AND m.name = ?2 "
      "WHERE runs.uuid = ?1 AND r.state IN ('Succeeded', 'Cached') AND m.value IS NOT NULL",
      run_id, metric);
  while (rows.next()) visit(static_cast<uint64_t>(rows.integer(0)), rows.real(1));
  return studies_->outcome();
}

Result<void> Catalog::states_of(
    const std::string& run_id,
    const std::function<void(uint64_t index, RepetitionState state, uint64_t repetitions)>& visit) const {
  Rows rows = studies_->query(
      "SELECT e.position, r.state, count(*) FROM runs JOIN experiments e ON e.run = runs.id AND e.generation "
      "= "
      "runs.generation JOIN repetitions r ON r.experiment = e.id AND r.cycle <= max(coalesce(e.cycles, 0), "
      "runs.cycles) WHERE runs.uuid = ? GROUP BY e.id, r.state",
      run_id);
  while (rows.next())
    if (const auto state = repetition_state_named(rows.text(1)))
      visit(static_cast<uint64_t>(rows.integer(0)), *state, static_cast<uint64_t>(rows.integer(2)));
  return studies_->outcome();
}

Result<std::vector<MetricValue>> Catalog::done_metrics(int64_t end_event) const {
  std::vector<MetricValue> values;
  Rows rows =
      studies_->query("SELECT name, value, unit FROM metrics WHERE event = ? ORDER BY position", end_event);
  while (rows.next()) values.push_back({rows.string(0), rows.real(1), rows.string(2)});
  return outcome(std::move(values));
}

Result<std::vector<CommandRecord>> Catalog::commands(const std::string& run_id) const {
  const int64_t run = run_row(run_id).number;
  std::vector<CommandRecord> found;
  Rows rows =
      studies_->query("SELECT at, who, command FROM commands WHERE event BETWEEN ? AND ? ORDER BY event",
                      event_row(run, 0), event_row(run + 1, 0) - 1);
  while (rows.next()) found.push_back({rows.instant(0), rows.string(1), rows.string(2)});
  return outcome(std::move(found));
}

}  // namespace studyctl
