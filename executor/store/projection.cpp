#include "store/projection.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "store/attempt_record.h"
#include "store/schema.h"

namespace studyctl {
namespace {

// As the columns of an attempt have them; NULL where nothing was looked at, or is said.
struct SeenConditions {
  explicit SeenConditions(const Conditions& conditions) {
    if (conditions.samples > 0 || conditions.cpu_seconds) json = to_json(conditions);
    if (!conditions.flags.empty()) flags = conditions.flags;
  }
  std::optional<std::string> json;
  std::optional<std::vector<std::string>> flags;
};

}  // namespace

void Projection::load() {
  active_.clear();
  changed_ = plan_changed_ = false;
  counts_.fill(0);
  Rows row = studies_.query(
      "SELECT total, starting, running, succeeded, failed, infeasible, cancelled, skipped, cached, "
      "generation, "
      "coalesce(cycles, 0), coalesce(experiments, 0) FROM runs WHERE id = ?",
      run_);
  if (!row.next()) return studies_.fail({ErrorCode::NotFound, "studies.db: the run is not there"});
  total_ = static_cast<uint64_t>(row.integer(0));
  for (size_t i = 1; i < kRepetitionStates; ++i)
    counts_.at(i) = static_cast<uint64_t>(row.integer(static_cast<int>(i)));
  count(RepetitionState::Waiting) = total_ - std::accumulate(counts_.begin() + 1, counts_.end(), uint64_t{0});
  generation_ = static_cast<uint32_t>(row.integer(9));
  cycles_ = static_cast<uint32_t>(row.integer(10));
  experiments_ = static_cast<uint64_t>(row.integer(11));
}

void Projection::apply(const Event& event) {
  std::visit([&](const auto& fact) { on(fact, event); }, event.fact);
}

void Projection::save(Instant at) {
  if (std::exchange(plan_changed_, false)) count_planned();
  if (!changed_) return;
  changed_ = false;
  const auto of = [&](RepetitionState state) { return count(state); };
  studies_.run(
      "UPDATE runs SET starting = ?, running = ?, succeeded = ?, failed = ?, infeasible = ?, cancelled = ?, "
      "skipped = ?, cached = ?, updated_at = ? WHERE id = ?",
      of(RepetitionState::Starting), of(RepetitionState::Running), of(RepetitionState::Succeeded),
      of(RepetitionState::Failed), of(RepetitionState::Infeasible), of(RepetitionState::Cancelled),
      of(RepetitionState::Skipped), of(RepetitionState::Cached), at, run_);
}

void Projection::on(const GenerationOpened& fact, const Event&) {
  total_ = fact.experiments * fact.cycles;
  counts_.fill(0);
  count(RepetitionState::Waiting) = total_;
  changed_ = true;
  plan_changed_ = fact.generation > 1;
  generation_ = fact.generation;
  experiments_ = fact.experiments;
  cycles_ = fact.cycles;
  active_.clear();
  studies_.run(
      "UPDATE runs SET generation = ?1, experiments = ?2, cycles = ?3, total = ?4, changes = changes + (?1 > "
      "1), reuse_done = reuse_done * (?1 = 1) WHERE id = ?5",
      fact.generation, fact.experiments, fact.cycles, total_, run_);
  // A retry that was due is none until its experiment comes back.
  studies_.run("UPDATE repetitions SET state = 'Skipped' WHERE run = ? AND state = 'Waiting'", run_);
}

void Projection::on(const ExperimentCarried& fact, const Event&) {
  studies_.run(
      "UPDATE experiments SET generation = ?, position = ?, cycles = ? "
      "WHERE run = ? AND generation = ? AND position = ?",
      generation_, fact.to, fact.cycles, run_, fact.generation, fact.index);
  studies_.run(
      "UPDATE repetitions SET state = 'Waiting' WHERE experiment = ? AND "
      "(state = 'Cancelled' OR (state = 'Skipped' AND note IS NULL))",
      experiment_row({generation_, fact.to, 1}).id);
  plan_changed_ = true;
}

void Projection::on(const CyclesChanged& fact, const Event&) {
  studies_.run("UPDATE runs SET cycles = ?, changes = changes + 1, reuse_done = 0 WHERE id = ?", fact.cycles,
               run_);
  studies_.run("UPDATE repetitions SET state = 'Waiting' WHERE run = ? AND state = 'Cancelled'", run_);
  plan_changed_ = true;
  cycles_ = fact.cycles;
  active_.clear();
}

void Projection::on(const RepetitionAdded& fact, const Event&) {
  studies_.run("UPDATE experiments SET cycles = ? WHERE id = ?", fact.key.cycle, experiment_row(fact.key).id);
  ++total_;
  ++count(RepetitionState::Waiting);
  changed_ = true;
  studies_.run("UPDATE runs SET total = ? WHERE id = ?", total_, run_);
}

void Projection::count_planned() {
  Rows total = studies_.query(
      "SELECT r.experiments * r.cycles + (SELECT coalesce(sum(max(e.cycles - r.cycles, 0)), 0) FROM "
      "experiments e "
      "WHERE e.run = r.id AND e.generation = r.generation) FROM runs r WHERE id = ?",
      run_);
  if (total.next()) total_ = static_cast<uint64_t>(total.integer(0));
  counts_.fill(0);
  count(RepetitionState::Waiting) = total_;
  Rows begun = studies_.query(
      "SELECT r.state, count(*) FROM runs JOIN experiments e ON e.run = runs.id AND e.generation = "
      "runs.generation "
      "JOIN repetitions r ON r.experiment = e.id WHERE runs.id = ? "
      "AND r.cycle <= max(coalesce(e.cycles, 0), runs.cycles) GROUP BY r.state",
      run_);
  while (begun.next()) {
    const auto number = static_cast<uint64_t>(begun.integer(1));
    count(RepetitionState::Waiting) -= number;
    count(repetition_state_named(begun.text(0)).value_or(RepetitionState::Waiting)) += number;
  }
  studies_.run("UPDATE runs SET total = ? WHERE id = ?", total_, run_);
  changed_ = true;
}

void Projection::on(const AttemptIntended& fact, const Event& event) {
  Active rows = enter({fact.key, RepetitionState::Starting, event.at, {}, {}});
  const std::optional<std::string_view> cpus =
      fact.cpus.empty() ? std::nullopt : std::optional(std::string_view(fact.cpus));
  studies_.run(
      "INSERT INTO attempts (repetition, attempt, state, intended_at, cpus) VALUES (?, ?, 'Starting', ?, ?)",
      rows.repetition, fact.key.attempt, event.at, cpus);
  rows.attempt = studies_.last_row();
  active_[fact.key.repetition] = rows;
}

void Projection::on(const AttemptStarting& fact, const Event& event) {
  studies_.run("UPDATE attempts SET container = ?, image_digest = ?, devices = ? WHERE id = ?",
               fact.container, fact.image_digest, fact.devices, active_rows(fact.key, event.at).attempt);
}

void Projection::on(const AttemptRunning& fact, const Event& event) {
  Active& rows = active_rows(fact.key, event.at);
  studies_.run("UPDATE attempts SET state = 'Running', started_at = ? WHERE id = ?", fact.started_at,
               rows.attempt);
  move(rows, RepetitionState::Running);
  rows.started_at = fact.started_at;
  studies_.run("UPDATE repetitions SET state = 'Running', updated_at = ? WHERE id = ?", event.at,
               rows.repetition);
}

void Projection::on(const AttemptStopping& fact, const Event& event) {
  studies_.run("UPDATE attempts SET message = ? WHERE id = ?", fact.message,
               active_rows(fact.key, event.at).attempt);
}

void Projection::on(const AttemptEnded& fact, const Event& event) {
  Active rows = active_rows(fact.key, event.at);
  active_.erase(fact.key.repetition);
  const bool ran = rows.started_at.has_value();
  const SeenConditions seen(fact.conditions);
  const Instant finished_at = ran ? *rows.started_at + fact.duration : event.at;
  studies_.run(
      "UPDATE attempts SET state = ?, reason = ?, exit_code = ?, counted = ?, message = ?, warnings = ?, "
      "finished_at = ?, duration = ?, end_event = ?, conditions = ?, flags = ? WHERE id = ?",
      name_of(fact.verdict), name_of(fact.reason), ran ? std::optional(fact.exit_code) : std::nullopt,
      fact.counted, fact.message, fact.warnings, finished_at,
      ran ? std::optional(fact.duration) : std::nullopt, event_row(run_, event.seq), seen.json, seen.flags,
      rows.attempt);
  const RepetitionState to = state_after(fact.verdict);
  move(rows, to);
  const bool is_failure = fact.verdict == Verdict::Failed || fact.verdict == Verdict::Retry;
  studies_.run(
      "UPDATE repetitions SET state = ?, reason = ?, fail_count = fail_count + ?, updated_at = ? WHERE id = "
      "?",
      name_of(to), name_of(fact.reason), is_failure, event.at, rows.repetition);
}

void Projection::on(const RepetitionReset& fact, const Event& event) {
  Active rows = repetition_rows(fact.key, event.at);
  // One that was cancelled before it ever started has no row until now.
  if (rows.state == RepetitionState::Waiting) rows.state = RepetitionState::Cancelled;
  move(rows, RepetitionState::Waiting);
  studies_.run("UPDATE repetitions SET state = 'Waiting', note = NULL, updated_at = ? WHERE id = ?", event.at,
               rows.repetition);
}

void Projection::on(const RepetitionSkipped& fact, const Event& event) {
  Active rows = repetition_rows(fact.key, event.at);
  move(rows, RepetitionState::Skipped);
  studies_.run("UPDATE repetitions SET state = 'Skipped', note = ?, updated_at = ? WHERE id = ?",
               "skipped by " + fact.who + (fact.why.empty() ? "" : ": " + fact.why), event.at,
               rows.repetition);
}

void Projection::on(const RepetitionCached& fact, const Event& event) {
  const Active rows =
      enter({fact.key, RepetitionState::Cached, event.at, name_of(Reason::Completed), fact.run});
  const SeenConditions seen(fact.conditions);
  studies_.run(
      "INSERT INTO attempts (repetition, attempt, state, reason, exit_code, counted, image_digest, devices, "
      "intended_at, started_at, finished_at, duration, end_event, conditions, flags) VALUES (?1, ?2, "
      "'Cached', "
      "'Completed', 0, 1, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10)",
      rows.repetition, fact.key.attempt, fact.image_digest, fact.devices, fact.started_at,
      fact.started_at + fact.duration, fact.duration, event_row(run_, event.seq), seen.json, seen.flags);
}

void Projection::on(const RunStateChanged& fact, const Event& event) {
  const std::optional<Instant> at = event.at;
  changed_ = true;
  studies_.run(
      "UPDATE runs SET state = ?, message = ?, started_at = coalesce(started_at, ?), finished_at = ? WHERE "
      "id = ?",
      name_of(fact.state), fact.message, fact.state == RunState::Running ? at : std::nullopt,
      is_final(fact.state) ? at : std::nullopt, run_);
  if (fact.state != RunState::Cancelled) return;
  count(RepetitionState::Cancelled) += count(RepetitionState::Waiting);
  count(RepetitionState::Waiting) = 0;
  studies_.run(
      "UPDATE repetitions SET state = 'Cancelled', updated_at = ? WHERE run = ? AND state = 'Waiting'",
      event.at, run_);
}

void Projection::on(const CommandAccepted& fact, const Event& event) {
  studies_.run("INSERT INTO commands (event, at, who, command) VALUES (?, ?, ?, ?)",
               event_row(run_, event.seq), event.at, fact.who, fact.command);
}

Projection::ExperimentRow Projection::experiment_row(const RepetitionKey& key) {
  Rows row = studies_.query(
      "SELECT id, coalesce(cycles, 0) FROM experiments WHERE run = ? AND generation = ? AND position = ?",
      run_, key.generation, key.index);
  if (row.next()) return {row.integer(0), std::max(cycles_, static_cast<uint32_t>(row.integer(1))), false};
  const ExperimentFacts facts = describe_(key);
  studies_.run(
      "INSERT INTO experiments (run, generation, position, name, identity, parameters, cores) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      run_, key.generation, key.index, facts.experiment, facts.identity, facts.parameters, facts.cores);
  return {studies_.last_row(), cycles_, true};
}

Projection::Active Projection::find_repetition(const RepetitionKey& key, const ExperimentRow& experiment) {
  Active rows;
  rows.is_planned = key.generation == generation_ && key.cycle <= experiment.cycles;
  if (experiment.is_new) return rows;
  Rows row = studies_.query("SELECT id, state FROM repetitions WHERE experiment = ? AND cycle = ?",
                            experiment.id, key.cycle);
  if (!row.next()) return rows;
  rows.repetition = row.integer(0);
  rows.state = repetition_state_named(row.text(1)).value_or(RepetitionState::Waiting);
  return rows;
}

Projection::Active Projection::enter(const Entry& entry) {
  const RepetitionKey& key = entry.key.repetition;
  const ExperimentRow experiment = experiment_row(key);
  Active rows = find_repetition(key, experiment);
  move(rows, entry.state);
  if (rows.repetition != 0) {
    studies_.run(
        "UPDATE repetitions SET state = ?, attempt = ?, updated_at = ?, reason = coalesce(?, reason), "
        "source = coalesce(?, source) WHERE id = ?",
        name_of(entry.state), entry.key.attempt, entry.at, entry.reason, entry.source, rows.repetition);
    return rows;
  }
  rows.repetition = insert_repetition(experiment.id, entry);
  return rows;
}

Projection::Active Projection::repetition_rows(const RepetitionKey& key, Instant at) {
  const ExperimentRow experiment = experiment_row(key);
  Active rows = find_repetition(key, experiment);
  if (rows.repetition == 0)
    rows.repetition = insert_repetition(experiment.id, {{key, 0}, RepetitionState::Waiting, at, {}, {}});
  return rows;
}

int64_t Projection::insert_repetition(int64_t experiment, const Entry& entry) {
  studies_.run(
      "INSERT INTO repetitions (run, experiment, cycle, state, attempt, created_at, updated_at, reason, "
      "source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8)",
      run_, experiment, entry.key.repetition.cycle, name_of(entry.state), entry.key.attempt, entry.at,
      entry.reason, entry.source);
  return studies_.last_row();
}

Projection::Active& Projection::active_rows(const AttemptKey& key, Instant at) {
  if (auto found = active_.find(key.repetition); found != active_.end()) return found->second;
  // A controller before us began it.
  Active& rows = active_[key.repetition] = repetition_rows(key.repetition, at);
  Rows row = studies_.query("SELECT id, started_at FROM attempts WHERE repetition = ? AND attempt = ?",
                            rows.repetition, key.attempt);
  if (row.next()) {
    rows.attempt = row.integer(0);
    rows.started_at = row.maybe_instant(1);
  } else {
    studies_.fail({ErrorCode::Internal, "studies.db: an event of an attempt that was never intended"});
  }
  return rows;
}

void Projection::move(Active& rows, RepetitionState to) {
  const RepetitionState from = std::exchange(rows.state, to);
  if (!rows.is_planned) return;
  --count(from);
  ++count(to);
  changed_ = true;
}

}  // namespace studyctl
