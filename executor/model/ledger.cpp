#include "model/ledger.h"

#include <algorithm>

namespace studyctl {
void Ledger::apply(const Event& event) {
  last_seq_ = event.seq;
  std::visit([&](const auto& fact) { on(fact, event); }, event.fact);
}

bool Ledger::has(const RepetitionKey& key) const {
  return key.generation == generation() && current().has(key.index, key.cycle);
}

RepetitionState Ledger::state(const RepetitionKey& key) const {
  return tables_.at(key.generation - 1).state(key.index, key.cycle);
}

Troubles Ledger::troubles(const RepetitionKey& key) const {
  Troubles troubles;
  if (auto found = troubles_.find(key); found != troubles_.end()) troubles = found->second;
  if (const ActiveAttempt* attempt = active(key)) troubles.attempts = attempt->key.attempt;
  return troubles;
}

const ActiveAttempt* Ledger::active(const RepetitionKey& key) const {
  auto found = active_.find(key);
  return found == active_.end() ? nullptr : &found->second;
}

void Ledger::on(const GenerationOpened& fact, const Event&) {
  tables_.emplace_back(fact.experiments, fact.cycles);
  retries_.clear();
  parked_failed_.merge(failed_);
  last_cycle_ = 0;
}

void Ledger::on(const ExperimentCarried& fact, const Event&) {
  const RepetitionTable& before = tables_.at(fact.generation - 1);
  tables_.back().plan_one(fact.to, fact.cycles);
  for (uint32_t cycle = 1; cycle <= before.known_cycles(); ++cycle)
    if (before.state(fact.index, cycle) != RepetitionState::Waiting ||
        troubles_.contains({fact.generation, fact.index, cycle}))
      carry({fact.generation, fact.index, cycle}, {generation(), fact.to, cycle});
}

void Ledger::carry(const RepetitionKey& from, const RepetitionKey& to) {
  RepetitionState state = this->state(from);
  if (state == RepetitionState::Cancelled) state = RepetitionState::Waiting;
  if (auto troubles = troubles_.extract(from)) {
    troubles.key() = to;
    troubles_.insert(std::move(troubles));
  }
  if (auto attempt = active_.extract(from)) {
    attempt.key() = attempt.mapped().key.repetition = to;
    active_.insert(std::move(attempt));
  }
  if (parked_failed_.erase(from) > 0) parked_failed_.insert(to);
  table(from).set(from.index, from.cycle, RepetitionState::Waiting);
  table(to).set(to.index, to.cycle, state);
  if (state != RepetitionState::Waiting) last_cycle_ = std::max(last_cycle_, to.cycle);
  unpark(to);
}

void Ledger::park(const RepetitionKey& key) {
  if (failed_.erase(key) > 0) parked_failed_.insert(key);
  if (const auto found = troubles_.find(key); found != troubles_.end())
    retries_.erase({found->second.not_before, key});
}

void Ledger::unpark(const RepetitionKey& key) {
  if (!has(key)) return;
  if (parked_failed_.erase(key) > 0) failed_.insert(key);
  const auto found = troubles_.find(key);
  if (found != troubles_.end() && state(key) == RepetitionState::Waiting)
    retries_.insert({found->second.not_before, key});
}

void Ledger::on(const CyclesChanged& fact, const Event&) {
  tables_.back().set_all(RepetitionState::Cancelled, RepetitionState::Waiting);
  tables_.back().plan(fact.cycles);
  std::vector<RepetitionKey> known;
  for (const auto& [key, troubles] : troubles_)
    if (key.generation == generation()) known.push_back(key);
  for (const RepetitionKey& key : known) {
    if (!has(key)) park(key);
    unpark(key);
  }
}

void Ledger::on(const RepetitionAdded& fact, const Event&) {
  tables_.back().plan_one(fact.key.index, fact.key.cycle);
  unpark(fact.key);
}

void Ledger::on(const AttemptIntended& fact, const Event& event) {
  const RepetitionKey& key = fact.key.repetition;
  begin(key);
  move(key, RepetitionState::Starting);
  ActiveAttempt& attempt = active_[key];
  attempt = {};
  attempt.key = fact.key;
  attempt.intended_at = event.steady;
  attempt.intended_on = event.at;
  attempt.cpus = fact.cpus;
}

void Ledger::begin(const RepetitionKey& key) {
  if (auto found = troubles_.find(key); found != troubles_.end())
    retries_.erase({found->second.not_before, key});
  last_cycle_ = std::max(last_cycle_, key.cycle);  // a retry may belong to an earlier one
}

void Ledger::on(const AttemptStarting& fact, const Event&) {
  ActiveAttempt& attempt = active_.at(fact.key.repetition);
  attempt.stage = ActiveAttempt::Stage::Starting;
  attempt.container = fact.container;
  attempt.image_digest = fact.image_digest;
  attempt.devices = fact.devices;
}

void Ledger::on(const AttemptRunning& fact, const Event& event) {
  ActiveAttempt& attempt = active_.at(fact.key.repetition);
  attempt.stage = ActiveAttempt::Stage::Running;
  attempt.started_at = fact.started_at;
  attempt.running_since = event.steady;
  move(fact.key.repetition, RepetitionState::Running);
}

void Ledger::on(const AttemptStopping& fact, const Event&) {
  ActiveAttempt& attempt = active_.at(fact.key.repetition);
  attempt.stopping = fact.reason;
  attempt.stop_message = fact.message;
}

void Ledger::on(const AttemptEnded& fact, const Event& event) {
  const RepetitionKey& key = fact.key.repetition;
  if (active_.erase(key) == 0) begin(key);
  const bool was_withdrawn = fact.verdict == Verdict::Withdrawn;
  if (!was_withdrawn) ++reasons_.at(static_cast<size_t>(fact.reason));
  move(key, state_after(fact.verdict));
  if (fact.verdict == Verdict::Succeeded) {
    if (auto found = troubles_.find(key); found != troubles_.end()) found->second.attempts = fact.key.attempt;
    return;
  }
  Troubles& troubles = troubles_[key];
  troubles.attempts = fact.key.attempt;
  if (fact.verdict == Verdict::Failed || fact.verdict == Verdict::Retry) ++troubles.failures;
  if (!was_withdrawn) ++(fact.counted ? troubles.counted : troubles.uncounted);
  troubles.grown = fact.grown;
  if (fact.verdict == Verdict::Failed) (has(key) ? failed_ : parked_failed_).insert(key);
  if (state_after(fact.verdict) != RepetitionState::Waiting) return;
  troubles.not_before = event.steady + fact.backoff;
  if (has(key)) retries_.insert({troubles.not_before, key});
}

void Ledger::on(const RepetitionReset& fact, const Event&) {
  failed_.erase(fact.key);
  Troubles& troubles = troubles_[fact.key];
  retries_.erase({troubles.not_before, fact.key});
  troubles.counted = troubles.uncounted = 0;
  troubles.not_before = {};
  retries_.insert({troubles.not_before, fact.key});
  move(fact.key, RepetitionState::Waiting);
}

void Ledger::on(const RepetitionSkipped& fact, const Event&) {
  if (const auto found = troubles_.find(fact.key); found != troubles_.end())
    retries_.erase({found->second.not_before, fact.key});
  move(fact.key, RepetitionState::Skipped);
}

void Ledger::on(const RepetitionCached& fact, const Event&) {
  move(fact.key.repetition, RepetitionState::Cached);
}

void Ledger::on(const RunStateChanged& fact, const Event& event) {
  if (fact.state == RunState::Running && run_state_ != RunState::Running) running_since_ = event.steady;
  run_state_ = fact.state;
  run_message_ = fact.message;
  run_then_ = fact.then;
  if (fact.state == RunState::Running && !started_at_) started_at_ = event.at;
  finished_at_ = is_final(fact.state) ? std::optional(event.at) : std::nullopt;
  if (fact.state != RunState::Cancelled) return;
  tables_.back().set_all(RepetitionState::Waiting, RepetitionState::Cancelled);
  retries_.clear();
}

void Ledger::on(const CommandAccepted&, const Event&) {}

void Ledger::on(const CooldownBegan& fact, const Event& event) {
  if (fact.devices.empty()) cooldown_until_ = std::max(cooldown_until_, event.steady + fact.length);
  for (const std::string& device : fact.devices)
    resting_[device] = std::max(resting_[device], event.steady + fact.length);
}

void Ledger::on(const ThresholdRebased&, const Event&) {
  failed_.clear();
  parked_failed_.clear();
}

void Ledger::on(const PilotEnded&, const Event&) {
  pilot_has_ended_ = true;
}

void Ledger::move(const RepetitionKey& key, RepetitionState to) {
  table(key).set(key.index, key.cycle, to);
}

std::vector<RepetitionKey> Ledger::all_in(RepetitionState wanted) const {
  std::vector<RepetitionKey> keys;
  for (uint64_t index = 0; index < experiments(); ++index)
    for (uint32_t cycle = 1; cycle <= cycles_of(index); ++cycle)
      if (const RepetitionKey key{generation(), index, cycle}; state(key) == wanted) keys.push_back(key);
  return keys;
}

Result<void> Ledger::check() const {
  if (!current().is_sound()) return Error{ErrorCode::Internal, "ledger: the counts differ from the states"};
  const uint64_t active = count(RepetitionState::Starting) + count(RepetitionState::Running);
  uint64_t planned = 0;
  for (const auto& [key, attempt] : active_) planned += has(key) ? 1 : 0;
  if (active != planned)
    return Error{ErrorCode::Internal, "ledger: " + std::to_string(active) +
                                          " repetitions are Starting or Running, but " +
                                          std::to_string(planned) + " attempts have not ended"};
  for (const RepetitionKey& key : failed_)
    if (!has(key) || state(key) != RepetitionState::Failed)
      return Error{ErrorCode::Internal, "ledger: the threshold counts a repetition that is not Failed"};
  if (auto sound = check_attempts(); !sound) return sound;
  return check_retries();
}

Result<void> Ledger::check_attempts() const {
  for (const auto& [key, attempt] : active_) {
    if (attempt.key.repetition != key)
      return Error{ErrorCode::Internal, "ledger: an attempt lies under another's key"};
    const bool runs = attempt.stage == ActiveAttempt::Stage::Running;
    if (state(key) != (runs ? RepetitionState::Running : RepetitionState::Starting))
      return Error{ErrorCode::Internal, "ledger: an attempt and its repetition differ in what they are at"};
    auto found = troubles_.find(key);
    if (found != troubles_.end() && attempt.key.attempt <= found->second.attempts)
      return Error{ErrorCode::Internal, "ledger: an attempt has the number of one that ended"};
  }
  return {};
}

Result<void> Ledger::check_retries() const {
  for (const auto& [not_before, key] : retries_) {
    if (!has(key) || state(key) != RepetitionState::Waiting)
      return Error{ErrorCode::Internal, "ledger: a repetition that is not Waiting is due for a retry"};
    if (troubles_.at(key).not_before != not_before)
      return Error{ErrorCode::Internal, "ledger: a retry is due at another time than its repetition says"};
  }
  uint64_t tried = 0;
  for (const auto& [key, troubles] : troubles_)
    if (has(key) && state(key) == RepetitionState::Waiting) ++tried;
  if (tried != retries_.size())
    return Error{ErrorCode::Internal, "ledger: a repetition that was tried waits, but is due for no retry"};
  return {};
}

}  // namespace studyctl
