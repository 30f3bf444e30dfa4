#include "store/projection.h"

#include <numeric>

#include "store/schema.h"
#include "store/text_list.h"

namespace studyctl {
namespace {

int64_t milliseconds(Instant at) {
  return at.time_since_epoch().count();
}

}  // namespace

Result<void> Projection::load() {
  active_.clear();
  changed_ = false;
  Result<Statement> row = studies_.prepare(
      "SELECT total, starting, running, succeeded, failed, infeasible, cancelled, skipped, cached FROM runs "
      "WHERE id = ?");
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind(1, run_).step();
  if (!found) return std::move(found).error();
  if (!*found) return Error{ErrorCode::NotFound, "studies.db: the run is not there"};
  total_ = static_cast<uint64_t>(row->integer(0));
  counts_.fill(0);
  for (size_t i = 1; i < kRepetitionStates; ++i)
    counts_.at(i) = static_cast<uint64_t>(row->integer(static_cast<int>(i)));
  count(RepetitionState::Waiting) = total_ - std::accumulate(counts_.begin() + 1, counts_.end(), uint64_t{0});
  return {};
}

Result<void> Projection::apply(const Event& event) {
  return std::visit([&](const auto& fact) { return on(fact, event); }, event.fact);
}

Result<void> Projection::save(Instant at) {
  if (!changed_) return {};
  changed_ = false;
  const auto of = [&](RepetitionState state) { return count(state); };
  return studies_.run(
      "UPDATE runs SET starting = ?, running = ?, succeeded = ?, failed = ?, infeasible = ?, cancelled = ?, "
      "skipped = ?, cached = ?, updated_at = ? WHERE id = ?",
      of(RepetitionState::Starting), of(RepetitionState::Running), of(RepetitionState::Succeeded),
      of(RepetitionState::Failed), of(RepetitionState::Infeasible), of(RepetitionState::Cancelled),
      of(RepetitionState::Skipped), of(RepetitionState::Cached), milliseconds(at), run_);
}

Result<void> Projection::on(const GenerationOpened& fact, const Event&) {
  total_ = fact.experiments * fact.cycles;
  counts_.fill(0);
  count(RepetitionState::Waiting) = total_;
  changed_ = true;
  return studies_.run("UPDATE runs SET generation = ?, total = ? WHERE id = ?", fact.generation, total_,
                      run_);
}

Result<void> Projection::on(const AttemptIntended& fact, const Event& event) {
  Result<Rows> rows = repetition_rows(fact.key.repetition, event.at);
  if (!rows) return std::move(rows).error();
  Result<void> done =
      studies_.run("UPDATE repetitions SET state = 'Starting', attempt = ?, updated_at = ? WHERE id = ?",
                   fact.key.attempt, milliseconds(event.at), rows->repetition);
  if (!done) return done;
  const std::optional<std::string_view> cpus =
      fact.cpus.empty() ? std::nullopt : std::optional(std::string_view(fact.cpus));
  done = studies_.run(
      "INSERT INTO attempts (repetition, attempt, state, intended_at, cpus) VALUES (?, ?, 'Starting', ?, ?)",
      rows->repetition, fact.key.attempt, milliseconds(event.at), cpus);
  if (!done) return done;
  rows->attempt = studies_.last_row();
  move(rows->state, RepetitionState::Starting);
  rows->state = RepetitionState::Starting;
  active_[fact.key.repetition] = *rows;
  return {};
}

Result<void> Projection::on(const AttemptStarting& fact, const Event& event) {
  Result<Rows*> rows = active_rows(fact.key, event.at);
  if (!rows) return std::move(rows).error();
  const std::optional<std::string> devices =
      fact.devices.empty() ? std::nullopt : std::optional(list_to_json(fact.devices));
  return studies_.run("UPDATE attempts SET container = ?, image_digest = ?, devices = ? WHERE id = ?",
                      fact.container, fact.image_digest, devices, (*rows)->attempt);
}

Result<void> Projection::on(const AttemptRunning& fact, const Event& event) {
  Result<Rows*> found = active_rows(fact.key, event.at);
  if (!found) return std::move(found).error();
  Rows& rows = **found;
  Result<void> done = studies_.run("UPDATE attempts SET state = 'Running', started_at = ? WHERE id = ?",
                                   milliseconds(fact.started_at), rows.attempt);
  if (!done) return done;
  move(rows.state, RepetitionState::Running);
  rows.state = RepetitionState::Running;
  rows.started_at = fact.started_at;
  return studies_.run("UPDATE repetitions SET state = 'Running', updated_at = ? WHERE id = ?",
                      milliseconds(event.at), rows.repetition);
}

Result<void> Projection::on(const AttemptStopping& fact, const Event& event) {
  Result<Rows*> rows = active_rows(fact.key, event.at);
  if (!rows) return std::move(rows).error();
  return studies_.run("UPDATE attempts SET message = ? WHERE id = ?", fact.message, (*rows)->attempt);
}

Result<void> Projection::on(const AttemptEnded& fact, const Event& event) {
  Result<Rows*> found = active_rows(fact.key, event.at);
  if (!found) return std::move(found).error();
  const Rows rows = **found;
  active_.erase(fact.key.repetition);
  const bool ran = rows.started_at.has_value();
  const Instant finished_at = ran ? *rows.started_at + fact.duration : event.at;
  const std::optional<std::string> warnings =
      fact.warnings.empty() ? std::nullopt : std::optional(list_to_json(fact.warnings));
  Result<void> done = studies_.run(
      "UPDATE attempts SET state = ?, reason = ?, exit_code = ?, counted = ?, message = ?, warnings = ?, "
      "finished_at = ?, duration = ?, end_event = ? WHERE id = ?",
      name_of(fact.verdict), name_of(fact.reason), ran ? std::optional(fact.exit_code) : std::nullopt,
      fact.counted ? 1 : 0, fact.message, warnings, milliseconds(finished_at),
      ran ? std::optional(int64_t{fact.duration.count()}) : std::nullopt, event_row(run_, event.seq),
      rows.attempt);
  if (!done) return done;
  const RepetitionState to = state_after(fact.verdict);
  move(rows.state, to);
  const bool is_failure = fact.verdict == Verdict::Failed || fact.verdict == Verdict::Retry;
  return studies_.run(
      "UPDATE repetitions SET state = ?, reason = ?, fail_count = fail_count + ?, updated_at = ? WHERE id = "
      "?",
      name_of(to), name_of(fact.reason), is_failure ? 1 : 0, milliseconds(event.at), rows.repetition);
}

Result<void> Projection::on(const RepetitionReset& fact, const Event& event) {
  Result<Rows> rows = repetition_rows(fact.key, event.at);
  if (!rows) return std::move(rows).error();
  // One that was cancelled before it ever started has no row until now.
  move(rows->state == RepetitionState::Waiting ? RepetitionState::Cancelled : rows->state,
       RepetitionState::Waiting);
  return studies_.run("UPDATE repetitions SET state = 'Waiting', updated_at = ? WHERE id = ?",
                      milliseconds(event.at), rows->repetition);
}

Result<void> Projection::on(const RunStateChanged& fact, const Event& event) {
  const std::optional<int64_t> started =
      fact.state == RunState::Running ? std::optional(milliseconds(event.at)) : std::nullopt;
  const std::optional<int64_t> finished =
      is_final(fact.state) ? std::optional(milliseconds(event.at)) : std::nullopt;
  changed_ = true;
  Result<void> done = studies_.run(
      "UPDATE runs SET state = ?, message = ?, started_at = coalesce(started_at, ?), finished_at = ? WHERE "
      "id = ?",
      name_of(fact.state), fact.message, started, finished, run_);
  if (!done || fact.state != RunState::Cancelled) return done;
  count(RepetitionState::Cancelled) += count(RepetitionState::Waiting);
  count(RepetitionState::Waiting) = 0;
  return studies_.run(
      "UPDATE repetitions SET state = 'Cancelled', updated_at = ? WHERE run = ? AND state = 'Waiting'",
      milliseconds(event.at), run_);
}

Result<void> Projection::on(const CommandAccepted& fact, const Event& event) {
  return studies_.run("INSERT INTO commands (event, at, who, command) VALUES (?, ?, ?, ?)",
                      event_row(run_, event.seq), milliseconds(event.at), fact.who, fact.command);
}

Result<int64_t> Projection::experiment_row(const RepetitionKey& key) {
  Result<Statement> row =
      studies_.prepare("SELECT id FROM experiments WHERE run = ? AND generation = ? AND position = ?");
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind_all(run_, key.generation, key.index).step();
  if (!found) return std::move(found).error();
  if (*found) return row->integer(0);
  const ExperimentFacts facts = describe_(key);
  Result<void> added = studies_.run(
      "INSERT INTO experiments (run, generation, position, name, identity, parameters, cores) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      run_, key.generation, key.index, facts.experiment, facts.identity, facts.parameters, facts.cores);
  if (!added) return std::move(added).error();
  return studies_.last_row();
}

Result<Projection::Rows> Projection::repetition_rows(const RepetitionKey& key, Instant at) {
  Result<int64_t> experiment = experiment_row(key);
  if (!experiment) return std::move(experiment).error();
  Result<Statement> row =
      studies_.prepare("SELECT id, state FROM repetitions WHERE experiment = ? AND cycle = ?");
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind_all(*experiment, key.cycle).step();
  if (!found) return std::move(found).error();
  Rows rows;
  if (*found) {
    rows.repetition = row->integer(0);
    rows.state = repetition_state_named(row->text(1)).value_or(RepetitionState::Waiting);
    return rows;
  }
  Result<void> added = studies_.run(
      "INSERT INTO repetitions (run, experiment, cycle, state, created_at, updated_at) "
      "VALUES (?, ?, ?, 'Waiting', ?, ?)",
      run_, *experiment, key.cycle, milliseconds(at), milliseconds(at));
  if (!added) return std::move(added).error();
  rows.repetition = studies_.last_row();
  return rows;
}

Result<Projection::Rows*> Projection::active_rows(const AttemptKey& key, Instant at) {
  if (auto found = active_.find(key.repetition); found != active_.end()) return &found->second;
  // A controller before us began it.
  Result<Rows> rows = repetition_rows(key.repetition, at);
  if (!rows) return std::move(rows).error();
  Result<Statement> row =
      studies_.prepare("SELECT id, started_at FROM attempts WHERE repetition = ? AND attempt = ?");
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind_all(rows->repetition, key.attempt).step();
  if (!found) return std::move(found).error();
  if (!*found)
    return Error{ErrorCode::Internal, "studies.db: an event of an attempt that was never intended"};
  rows->attempt = row->integer(0);
  if (!row->is_null(1)) rows->started_at = Instant(Duration(row->integer(1)));
  return &(active_[key.repetition] = *rows);
}

void Projection::move(RepetitionState from, RepetitionState to) {
  --count(from);
  ++count(to);
  changed_ = true;
}

}  // namespace studyctl
