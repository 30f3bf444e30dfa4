#include "model/ledger.h"

#include <algorithm>

namespace studyctl {
void Ledger::apply(const Event& event) {
  last_seq_ = event.seq;
  std::visit([&](const auto& fact) { on(fact, event); }, event.fact);
}

bool Ledger::has(const RepetitionKey& key) const {
  return key.index < experiments_ && key.cycle >= 1 && key.cycle <= cycles_;
}

RepetitionState Ledger::state(const RepetitionKey& key) const {
  return states_.at(slot(key));
}

Troubles Ledger::troubles(const RepetitionKey& key) const {
  Troubles troubles;
  if (auto found = troubles_.find(slot(key)); found != troubles_.end()) troubles = found->second;
  if (const ActiveAttempt* attempt = active(key)) troubles.attempts = attempt->key.attempt;
  return troubles;
}

const ActiveAttempt* Ledger::active(const RepetitionKey& key) const {
  auto found = active_.find(key);
  return found == active_.end() ? nullptr : &found->second;
}

void Ledger::on(const GenerationOpened& fact, const Event&) {
  experiments_ = fact.experiments;
  cycles_ = fact.cycles;
  states_.assign(total(), RepetitionState::Waiting);
  counts_.fill(0);
  counts_.at(static_cast<size_t>(RepetitionState::Waiting)) = total();
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
  if (auto found = troubles_.find(slot(key)); found != troubles_.end())
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
    if (auto found = troubles_.find(slot(key)); found != troubles_.end())
      found->second.attempts = fact.key.attempt;
    return;
  }
  Troubles& troubles = troubles_[slot(key)];
  troubles.attempts = fact.key.attempt;
  if (fact.verdict == Verdict::Failed || fact.verdict == Verdict::Retry) ++troubles.failures;
  if (!was_withdrawn) ++(fact.counted ? troubles.counted : troubles.uncounted);
  if (fact.verdict == Verdict::Failed) failed_.insert(key);
  if (state_after(fact.verdict) == RepetitionState::Waiting) {
    troubles.not_before = event.steady + fact.backoff;
    retries_.insert({troubles.not_before, key});
  }
}

void Ledger::on(const RepetitionReset& fact, const Event&) {
  failed_.erase(fact.key);
  Troubles& troubles = troubles_[slot(fact.key)];
  retries_.erase({troubles.not_before, fact.key});
  troubles.counted = troubles.uncounted = 0;
  troubles.not_before = {};
  retries_.insert({troubles.not_before, fact.key});
  move(fact.key, RepetitionState::Waiting);
}

void Ledger::on(const RunStateChanged& fact, const Event& event) {
  if (fact.state == RunState::Running && run_state_ != RunState::Running) running_since_ = event.steady;
  run_state_ = fact.state;
  run_message_ = fact.message;
  run_then_ = fact.then;
  if (fact.state == RunState::Running && !started_at_) started_at_ = event.at;
  finished_at_ = is_final(fact.state) ? std::optional(event.at) : std::nullopt;
  if (fact.state != RunState::Cancelled) return;
  std::replace(states_.begin(), states_.end(), RepetitionState::Waiting, RepetitionState::Cancelled);
  counts_.at(static_cast<size_t>(RepetitionState::Cancelled)) += count(RepetitionState::Waiting);
  counts_.at(static_cast<size_t>(RepetitionState::Waiting)) = 0;
  retries_.clear();
}

void Ledger::on(const CommandAccepted&, const Event&) {}

void Ledger::on(const CooldownBegan& fact, const Event& event) {
  cooldown_until_ = std::max(cooldown_until_, event.steady + fact.length);
}

void Ledger::on(const ThresholdRebased&, const Event&) {
  failed_.clear();
}

void Ledger::move(const RepetitionKey& key, RepetitionState to) {
  RepetitionState& state = states_.at(slot(key));
  --counts_.at(static_cast<size_t>(state));
  ++counts_.at(static_cast<size_t>(to));
  state = to;
}

std::vector<RepetitionKey> Ledger::all_in(RepetitionState wanted) const {
  std::vector<RepetitionKey> keys;
  for (uint64_t index = 0; index < experiments_; ++index)
    for (uint32_t cycle = 1; cycle <= cycles_; ++cycle)
      if (const RepetitionKey key{1, index, cycle}; state(key) == wanted) keys.push_back(key);
  return keys;
}

Result<void> Ledger::check() const {
  std::array<uint64_t, kRepetitionStates> counted{};
  for (RepetitionState state : states_) ++counted.at(static_cast<size_t>(state));
  if (counted != counts_) return Error{ErrorCode::Internal, "ledger: the counts differ from the states"};
  const uint64_t active = count(RepetitionState::Starting) + count(RepetitionState::Running);
  if (active != active_.size())
    return Error{ErrorCode::Internal, "ledger: " + std::to_string(active) +
                                          " repetitions are Starting or Running, but " +
                                          std::to_string(active_.size()) + " attempts have not ended"};
  for (const RepetitionKey& key : failed_)
    if (state(key) != RepetitionState::Failed)
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
    auto found = troubles_.find(slot(key));
    if (found != troubles_.end() && attempt.key.attempt <= found->second.attempts)
      return Error{ErrorCode::Internal, "ledger: an attempt has the number of one that ended"};
  }
  return {};
}

Result<void> Ledger::check_retries() const {
  for (const auto& [not_before, key] : retries_) {
    if (state(key) != RepetitionState::Waiting)
      return Error{ErrorCode::Internal, "ledger: a repetition that is not Waiting is due for a retry"};
    if (troubles_.at(slot(key)).not_before != not_before)
      return Error{ErrorCode::Internal, "ledger: a retry is due at another time than its repetition says"};
  }
  uint64_t tried = 0;
  for (const auto& [slot, troubles] : troubles_)
    if (states_.at(slot) == RepetitionState::Waiting) ++tried;
  if (tried != retries_.size())
    return Error{ErrorCode::Internal, "ledger: a repetition that was tried waits, but is due for no retry"};
  return {};
}

}  // namespace studyctl
