#include "control/controller.h"

#include <algorithm>

#include "base/log.h"
#include "control/deadlines.h"

namespace studyctl {
namespace {

constexpr Duration kTryAgain{1000};  // after what failed for lack of space or of an engine
// A run does not wait longer for an engine to remove what is left of it: the next look at the engine does,
// since labels say whose it is.
constexpr Duration kRemovalPatience = std::chrono::minutes(1);

std::optional<Steady> earliest(std::optional<Steady> a, std::optional<Steady> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

Controller::Controller(RunPlan plan, Parts parts)
    : plan_(std::move(plan)),
      execution_(plan_.study->execution),
      journal_(parts.journal),
      engine_(parts.engine),
      workspace_(parts.workspace),
      published_(parts.published),
      gateway_(parts.gateway),
      clock_(parts.clock),
      queue_(RunOrder(execution_.order, plan_.experiments, most_cycles(execution_), execution_.seed),
             execution_, places_of(plan_)),
      gpu_time_(plan_.gpu_time) {
  queue_.begin_with(plan_.pilot);
  if (execution_.repeat_until) repetition_rule_.emplace(*execution_.repeat_until);
  const bool memory_grows = std::any_of(execution_.retry.rules.begin(), execution_.retry.rules.end(),
                                        [](const RetryRule& rule) { return rule.memory_factor > 1; });
  if (!plan_.variant_of && !memory_grows) return;
  queue_.pack(plan_.room, [this](const RepetitionKey& key) {
    return need_of(plan_.variant_of ? plan_.variant_of(key).pod.main.resources
                                    : plan_.study->pod.main.resources);
  });
}

int Controller::places_of(const RunPlan& plan) {
  const int parallelism = plan.study->execution.parallelism;
  return plan.variant_of ? parallelism
                         : places(plan.room, need_of(plan.study->pod.main.resources), parallelism);
}

Result<void> Controller::recover() {
  began_ = clock_.steady();
  const Instant now = clock_.now();
  size_t most_at_a_time = 0;
  auto replayed = journal_.replay([&](const Event& event) {
    Event dated = event;
    dated.steady = began_ - std::max(now - event.at, Duration(0));
    most_at_a_time = std::max(most_at_a_time, ledger_.active().size());
    ledger_.apply(dated);
    if (const auto* ended = std::get_if<AttemptEnded>(&event.fact)) {
      to_settle_.emplace_back(ended->key, ended->verdict);
      if (ended->verdict == Verdict::Succeeded) durations_.add(ended->duration);
    }
    // Only the last may not be published yet, or not durably.
    while (to_settle_.size() > most_at_a_time + kMostUnsynced) to_settle_.pop_front();
    published_.replayed(dated);
  });
  if (!replayed) return replayed;
  if (auto sound = ledger_.check(); !sound) return sound;
  if (ledger_.total() > 0 && ledger_.experiments() != plan_.experiments)
    return Error{ErrorCode::Internal, "the run has " + std::to_string(ledger_.experiments()) +
                                          " experiments on record, its plan has " +
                                          std::to_string(plan_.experiments)};
  open_or_go_on();
  count_groups();
  if (repetition_rule_) {
    plan_.measured([this](uint64_t index, double value) { repetition_rule_->note(index, value); });
    for (uint64_t index = 0; index < ledger_.experiments(); ++index) repeat_if_uncertain(index);
  }

  std::vector<Engine::Expected> expected;
  for (const auto& [repetition, attempt] : ledger_.active()) {
    LiveAttempt& live = add_live(attempt.key);
    live.last_sign = began_;
    auto spec = spec_of(live);
    if (!spec) missing_ = spec.error().message;
    expected.push_back({spec ? *std::move(spec) : workspace_.outline(attempt.key),
                        attempt.stage != ActiveAttempt::Stage::Intended});
  }
  after_commit([this, expected = std::move(expected)] { ask_what_is_true(expected); });
  return commit_and_act();
}

void Controller::ask_what_is_true(std::vector<Engine::Expected> expected) {
  auto again = [this, expected] { ask_what_is_true(expected); };
  engine_.resync(std::move(expected), [this, again = std::move(again)](Result<void> done) {
    if (done) {
      recovering_ = false;
      return after_commit([this] { stop_again(); });
    }
    log::warning(done.error().message);
    try_later(again);
  });
}

void Controller::open_or_go_on() {
  if (ledger_.total() == 0) record(GenerationOpened{1, plan_.experiments, execution_.cycles});
  if (!plan_.asked.who.empty()) record(plan_.asked);
  if (plan_.is_relay && !is_final(ledger_.run_state()) && ledger_.run_state() != RunState::Pending) return;
  if (plan_.seat && ledger_.run_state() == RunState::Pending) return;  // until it has leave
  switch (ledger_.run_state()) {
    case RunState::Pending:
      return change_run(RunState::Running, plan_.note.empty() ? "started" : "started; " + plan_.note);
    case RunState::Cancelling: return;  // what was begun is finished
    case RunState::Stopping:
      if (ledger_.run_then() == RunState::Failed) return;
      break;
    case RunState::Paused:
    case RunState::Failed: record(ThresholdRebased{}); break;
    default: break;
  }
  change_run(plan_.seat ? RunState::Pending : RunState::Running,
             plan_.note.empty() ? "went on" : "went on; " + plan_.note);
}

Result<void> Controller::turn() {
  for (Gateway::Request& request : gateway_.drain()) {
    Gateway::Answer answer = accept(request.command);
    to_answer_.emplace_back(std::move(request), std::move(answer));
  }
  pause_for_what_is_missing();
  for (const Observation& observation : std::exchange(seen_, {})) note(observation);
  enforce_deadlines();
  apply_threshold();
  end_pilot();
  ask_for_seat();
  heed_horizon();
  start_what_may();
  advance_run();
  withdraw_unstarted();
  retry_later();
  if (plan_.cores && execution_.pin_cpus) plan_.cores->hold(plan_.run, pinned());
  return commit_and_act();
}

void Controller::record(Fact fact) {
  Event event{ledger_.last_seq() + 1, clock_.now(), clock_.steady(), std::move(fact)};
  ledger_.apply(event);
  journal_.append(event);
  unpublished_.push_back(std::move(event));
}

Result<void> Controller::commit_and_act() {
  if (!unpublished_.empty()) {
    if (auto committed = journal_.commit(); !committed) {
      if (!journal_.disk_full()) return committed;
      return hold_back(committed.error());
    }
  }
  if (auto settled = settle_ended(); !settled) return hold_back(settled.error());
  if (disk_full_) log::info("there is room on the results volume again");
  disk_full_ = false;
  if (!unpublished_.empty()) published_.committed(std::exchange(unpublished_, {}));
  for (const std::function<void()>& act : std::exchange(acts_, {})) act();
  for (auto& [request, answer] : std::exchange(to_answer_, {})) request.answer.set_value(std::move(answer));
  handed_over_ = may_leave();
  return {};
}

// What is just being started is told first, within reason: whether a start came to pass is not known later.
bool Controller::may_leave() const {
  if (!hands_over_until_) return false;
  const auto is_starting = [](const auto& one) { return one.second.stage == LiveAttempt::Stage::Starting; };
  return clock_.steady() >= *hands_over_until_ || std::none_of(live_.begin(), live_.end(), is_starting);
}

// Nothing is done until there is room: what is not on disk, or not published, is as if it never was.
Result<void> Controller::hold_back(const Error& error) {
  if (!disk_full_) log::warning("nothing is started until the results volume has room: " + error.message);
  disk_full_ = true;
  handed_over_ = hands_over_until_.has_value();
  retry_at_ = earliest(retry_at_, clock_.steady() + kTryAgain);
  return {};
}

Result<void> Controller::settle_ended() {
  size_t count = 0;
  Result<void> settled;
  for (; !to_settle_.empty(); to_settle_.pop_front(), ++count) {
    const auto& [key, verdict] = to_settle_.front();
    settled = workspace_.settle(key, verdict);
    if (settled) continue;
    if (settled.error().code == ErrorCode::Unavailable) break;
    log::error(settled.error().message);
    settled = {};
  }
  unsynced_ += count;
  if (count > 0) sync_settled(count);
  return settled;
}

void Controller::sync_settled(size_t count) {
  workspace_.sync_settled([this, count](const Result<void>& synced) {
    const std::string why = synced ? std::string() : synced.error().message;
    if (std::exchange(unsynced_why_, why) != why && !synced) log::warning(why);
    if (synced) {
      unsynced_ -= count;
      return;
    }
    try_later([this, count] { sync_settled(count); });
  });
}

void Controller::try_later(std::function<void()> act) {
  later_.push_back(std::move(act));
  retry_at_ = earliest(retry_at_, clock_.steady() + kTryAgain);
}

void Controller::retry_later() {
  if (!retry_at_ || clock_.steady() < *retry_at_) return;
  retry_at_.reset();
  for (std::function<void()>& act : std::exchange(later_, {})) after_commit(std::move(act));
}

std::optional<Steady> Controller::next_turn() const {
  if (!disk_full_ && (!seen_.empty() || !unpublished_.empty() || !acts_.empty())) return clock_.steady();
  std::optional<Steady> next = earliest(waits_until_, retry_at_);
  next = earliest(next, study_deadline());
  next = earliest(next, hands_over_until_);
  if (const auto last = last_moment(); last && clock_.steady() < *last) next = earliest(next, last);
  if (live_.empty() && !leaving_.empty() && has_come_to_rest()) next = earliest(next, given_up_at());
  if (recovering_) return next;
  for (const auto& [key, live] : live_) {
    if (live.stage >= LiveAttempt::Stage::Reading) continue;
    next = earliest(next, next_deadline(live.timeouts, *ledger_.active(key), live.counts_from()));
    if (live.stage == LiveAttempt::Stage::Running && !live.look_under_way)
      next = earliest(next, live.next_look);
  }
  return next;
}

bool Controller::finished() const {
  if (handed_over_) return true;
  if (recovering_ || !live_.empty() || !unpublished_.empty() || !seen_.empty() || unsynced_ > 0 ||
      !has_come_to_rest())
    return false;
  return leaving_.empty() || clock_.steady() >= given_up_at();
}

bool Controller::has_come_to_rest() const {
  if (is_final(ledger_.run_state())) return true;
  return ledger_.run_state() == RunState::Paused && ends_when_paused_ && !plan_.seat;
}

Steady Controller::given_up_at() const {
  Steady last{};
  for (const auto& [id, since] : leaving_) last = std::max(last, since);
  return last + kRemovalPatience;
}

}  // namespace studyctl
