#include "simulation/invariants.h"

namespace studyctl {
namespace {

bool may_begin(RunState state) {
  return state == RunState::Running;
}

}  // namespace

void Invariants::violate(const std::string& what) {
  if (violations_.size() < 20) violations_.push_back(what);
}

void Invariants::after_turn(const Ledger& ledger) {
  if (auto sound = ledger.check(); !sound) violate(sound.error().message);
  uint64_t sum = 0;
  for (size_t state = 0; state < kRepetitionStates; ++state)
    sum += ledger.count(static_cast<RepetitionState>(state));
  if (sum != ledger.total()) violate("the counts do not add up");
  if (ledger.active().size() > places_) violate("more attempts at once than there are places");
  if (engine_.running().size() > places_) violate("more containers at once than there are places");
  for (const auto* told : {&engine_.violations, &workspace_.violations, &published_.violations})
    for (const std::string& violation : *told) violate(violation);
  for (; read_ < journal_.events().size(); ++read_) read(journal_.events()[read_]);
}

void Invariants::at_end(const Ledger& ledger, size_t left_behind) {
  if (engine_.containers().size() > left_behind)
    violate(engine_.containers().begin()->first.text + " is left in the engine");
  if (!ledger.active().empty()) violate("an attempt is active in a run that has ended");
  for (const auto& [key, end] : journal_.ended()) {
    auto settled = workspace_.settled.find(key);
    if (settled == workspace_.settled.end() || settled->second != end.verdict)
      violate(id_of(key).text + " is not published as it ended");
    if (!workspace_.sealed.contains(key)) violate(id_of(key).text + " has no record");
  }
  Ledger again;
  for (const Event& event : journal_.events()) again.apply(event);
  for (size_t state = 0; state < kRepetitionStates; ++state)
    if (again.count(static_cast<RepetitionState>(state)) != ledger.count(static_cast<RepetitionState>(state)))
      violate("what is on disk gives another ledger");
  uint64_t planned = 0;
  for (RepetitionKey key : succeeded_) {
    key.generation = ledger.generation();
    planned += ledger.has(key) ? 1 : 0;
  }
  if (ledger.count(RepetitionState::Succeeded) != planned)
    violate("the succeeded repetitions are not those that succeeded");
  const bool completed = ledger.run_state() == RunState::Completed;
  const uint64_t well = ledger.count(RepetitionState::Succeeded) + ledger.count(RepetitionState::Infeasible) +
                        ledger.count(RepetitionState::Skipped);
  if (completed && well != ledger.total()) violate("a run completed without all of its repetitions");
}

void Invariants::read(const Event& event) {
  if (event.seq != read_ + 1) violate("event " + std::to_string(event.seq) + " is out of order");
  mix(event.seq);
  mix(static_cast<uint64_t>(event.at.time_since_epoch().count()));
  mix(event.fact.index());
  if (const auto* fact = std::get_if<AttemptIntended>(&event.fact)) on_intended(plain(fact->key));
  if (const auto* fact = std::get_if<AttemptStarting>(&event.fact)) on_starting(plain(fact->key));
  if (const auto* fact = std::get_if<AttemptEnded>(&event.fact)) on_ended(*fact);
  if (const auto* fact = std::get_if<RunStateChanged>(&event.fact)) {
    state_ = fact->state;
    mix(static_cast<uint64_t>(state_));
    if (is_final(state_) && !active_.empty()) violate("the run ends while an attempt is active");
  }
}

void Invariants::on_intended(const AttemptKey& key) {
  const std::string name = id_of(key).text;
  if (!may_begin(state_)) violate(name + " begins while the run is " + std::string(name_of(state_)));
  if (!active_.emplace(key.repetition, key).second) violate(name + " begins beside another attempt");
  if (key.attempt != ++attempts_[key.repetition]) violate(name + " is not the next attempt");
  if (succeeded_.contains(key.repetition)) violate(name + " begins after a success");
  mix(key.repetition.index);
  mix(key.repetition.cycle);
}

void Invariants::on_starting(const AttemptKey& key) {
  const std::string name = id_of(key).text;
  if (!may_begin(state_)) violate(name + " is started while the run is " + std::string(name_of(state_)));
  auto active = active_.find(key.repetition);
  if (active == active_.end() || active->second != key) violate(name + " is started and is not active");
}

void Invariants::on_ended(const AttemptEnded& end) {
  const AttemptKey key = plain(end.key);
  const std::string name = id_of(key).text;
  auto active = active_.find(key.repetition);
  if (active == active_.end() || active->second != key) {
    violate(name + " ends and is not active");
  } else {
    active_.erase(active);
  }
  mix(static_cast<uint64_t>(end.reason));
  mix(static_cast<uint64_t>(end.verdict));
  if (end.verdict == Verdict::Succeeded && !succeeded_.insert(key.repetition).second)
    violate(name + " succeeds a second time");
}

}  // namespace studyctl
