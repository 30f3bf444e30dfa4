#include <algorithm>

#include "model/energy.h"
#include "store/catalog.h"

// What a run took, and how its repetitions ended, summed up.
namespace studyctl {

std::map<int64_t, double> Catalog::joules_by_experiment(int64_t run) const {
  Rows rows = studies_->query(
      "SELECT r.experiment, a.started_at, a.finished_at, json_extract(a.conditions, '$.cpu_energy_joules'), "
      "(SELECT sum(json_extract(value, '$.energy_joules')) FROM json_each(a.conditions, '$.gpus')) "
      "FROM repetitions r JOIN attempts a ON a.repetition = r.id "
      "WHERE r.run = ? AND a.state <> 'Cached' AND a.started_at IS NOT NULL AND a.conditions LIKE "
      "'%energy_joules%'",
      run);
  std::map<int64_t, double> joules;
  // All attempts that run at once see the same CPU packages; a GPU is one attempt's.
  std::vector<int64_t> experiments;
  std::vector<EnergySpan> of_cpus;
  while (rows.next()) {
    if (!rows.is_null(4)) joules[rows.integer(0)] += rows.real(4);
    if (rows.is_null(3)) continue;
    experiments.push_back(rows.integer(0));
    of_cpus.push_back({rows.instant(1), rows.instant(2), rows.real(3)});
  }
  const std::vector<double> shares = shared_energy(of_cpus);
  for (size_t i = 0; i < shares.size(); ++i) joules[experiments[i]] += shares[i];
  return joules;
}

namespace {

// Of attempts "a"; nothing where none has any.
constexpr char kUsed[] =
    "sum(json_extract(a.conditions, '$.cpu_seconds')), max(json_extract(a.conditions, "
    "'$.memory_peak_bytes'))";

// What kUsed gave at `column` and the next one.
void read_used(const Rows& row, int column, Catalog::Usage& usage) {
  if (!row.is_null(column)) usage.cpu_seconds = row.real(column);
  if (!row.is_null(column + 1)) usage.memory_peak = row.real(column + 1);
}

}  // namespace

Catalog::Usage& Catalog::Usage::operator+=(const Usage& more) {
  wall_seconds += more.wall_seconds;
  core_seconds += more.core_seconds;
  device_seconds += more.device_seconds;
  if (more.cpu_seconds) cpu_seconds = cpu_seconds.value_or(0) + *more.cpu_seconds;
  if (more.memory_peak) memory_peak = std::max(memory_peak.value_or(0), *more.memory_peak);
  if (more.energy_joules) energy_joules = energy_joules.value_or(0) + *more.energy_joules;
  return *this;
}

Result<Catalog::Usage> Catalog::usage(const std::string& run_id) const {
  const int64_t run = run_row(run_id).number;
  Usage usage;
  Rows row = studies_->query(
      "SELECT total(a.duration), total(a.duration * e.cores), total(a.duration * "
      "json_array_length(coalesce(a.devices, '[]'))), " +
          std::string(kUsed) +
          " FROM repetitions r JOIN experiments e ON e.id = r.experiment JOIN attempts a ON a.repetition = "
          "r.id "
          "WHERE r.run = ? AND a.state <> 'Cached'",
      run);
  if (row.next()) {
    usage = {row.real(0) / 1000, row.real(1) / 1000, row.real(2) / 1000};
    read_used(row, 3, usage);
  }
  for (const auto& [experiment, joules] : joules_by_experiment(run))
    usage.energy_joules = usage.energy_joules.value_or(0) + joules;
  return outcome(usage);
}

Result<double> Catalog::device_seconds(const std::string& run_id) const {
  Rows row = studies_->query(
      "SELECT total(a.duration * json_array_length(coalesce(a.devices, '[]'))) FROM repetitions r "
      "JOIN attempts a ON a.repetition = r.id WHERE r.run = ? AND a.state <> 'Cached'",
      run_row(run_id).number);
  const double milliseconds = row.next() ? row.real(0) : 0;
  return outcome(milliseconds / 1000);
}

Result<void> Catalog::usages(const std::string& run_id,
                             const std::function<void(const ExperimentUsage&)>& visit) const {
  const int64_t run = run_row(run_id).number;
  const std::map<int64_t, double> joules = joules_by_experiment(run);
  Rows rows = studies_->query(
      "SELECT e.name, count(*), total(a.duration), total(a.duration * e.cores), total(a.duration * "
      "json_array_length(coalesce(a.devices, '[]'))), e.id, " +
          std::string(kUsed) +
          " FROM experiments e JOIN repetitions r ON r.experiment = e.id JOIN attempts a ON a.repetition = "
          "r.id WHERE e.run = ? AND a.state <> 'Cached' "
          "GROUP BY e.id ORDER BY e.generation, e.position",
      run);
  while (rows.next()) {
    ExperimentUsage one{rows.string(0),
                        static_cast<uint64_t>(rows.integer(1)),
                        {rows.real(2) / 1000, rows.real(3) / 1000, rows.real(4) / 1000}};
    if (const auto measured = joules.find(rows.integer(5)); measured != joules.end())
      one.usage.energy_joules = measured->second;
    read_used(rows, 6, one.usage);
    visit(one);
  }
  return studies_->outcome();
}

Result<std::vector<Catalog::StateCount>> Catalog::counts_by_reason(const std::string& run_id) const {
  std::vector<StateCount> counts;
  Rows rows = studies_->query(
      "SELECT r.state, coalesce(r.reason, ''), count(*) FROM runs JOIN experiments e ON e.run = runs.id AND "
      "e.generation = runs.generation JOIN repetitions r ON r.experiment = e.id WHERE runs.id = ? "
      "AND r.cycle <= max(coalesce(e.cycles, 0), runs.cycles) GROUP BY 1, 2 ORDER BY 1, 2",
      run_row(run_id).number);
  while (rows.next())
    if (const auto state = repetition_state_named(rows.text(0)))
      counts.push_back({*state, reason_named(rows.text(1)), static_cast<uint64_t>(rows.integer(2))});
  return outcome(std::move(counts));
}

Result<Catalog::TimedOut> Catalog::timed_out(const std::string& run_id) const {
  const int64_t run = run_row(run_id).number;
  constexpr std::string_view kFrom =
      " FROM runs JOIN experiments e ON e.run = runs.id AND e.generation = runs.generation JOIN repetitions "
      "r "
      "ON r.experiment = e.id JOIN attempts a ON a.repetition = r.id WHERE runs.id = ? AND a.reason IN "
      "('Timeout', 'Stalled', 'PendingTimeout') AND r.cycle <= max(coalesce(e.cycles, 0), runs.cycles)";
  TimedOut found;
  Rows attempts = studies_->query("SELECT a.reason, count(*)" + std::string(kFrom) + " GROUP BY 1", run);
  while (attempts.next())
    if (const auto reason = reason_named(attempts.text(0)))
      found.attempts[*reason] = static_cast<uint64_t>(attempts.integer(1));
  Rows repetitions = studies_->query("SELECT count(DISTINCT r.id)" + std::string(kFrom), run);
  if (repetitions.next()) found.repetitions = static_cast<uint64_t>(repetitions.integer(0));
  return outcome(std::move(found));
}

}  // namespace studyctl
