#include "control/controller.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "control/deadlines.h"
#include "model/threshold.h"

namespace studyctl {
namespace {

constexpr Duration kTryAgain{1000};  // after a full disk

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
      queue_(RunOrder(execution_.order, plan_.experiments, execution_.cycles, execution_.seed), execution_,
             places(plan_.room, need_of(plan_.study->pod.main.resources), execution_.parallelism)) {}

Result<void> Controller::recover() {
  began_ = clock_.steady();
  const Instant now = clock_.now();
  auto replayed = journal_.replay([&](const Event& event) {
    Event dated = event;
    dated.steady = began_ - std::max(now - event.at, Duration(0));
    ledger_.apply(dated);
  });
  if (!replayed) return replayed;
  if (auto sound = ledger_.check(); !sound) return sound;
  open_or_go_on();

  std::vector<Engine::Expected> expected;
  for (const auto& [repetition, attempt] : ledger_.active()) {
    LiveAttempt& live = add_live(attempt.key);
    live.last_sign = began_;
    auto spec = workspace_.spec(attempt.key, attempt.cpus);
    if (!spec) return std::move(spec).error();
    expected.push_back({*std::move(spec), attempt.stage != ActiveAttempt::Stage::Intended});
  }
  if (auto committed = commit_and_act(); !committed) return committed;
  engine_.resync(std::move(expected), [this](Result<void> done) {
    if (!done) log::error(done.error().message);
    recovering_ = false;
  });
  return {};
}

void Controller::open_or_go_on() {
  if (ledger_.total() == 0) record(GenerationOpened{1, plan_.experiments, execution_.cycles});
  switch (ledger_.run_state()) {
    case RunState::Cancelling: return;  // what was begun is finished
    case RunState::Pending: change_run(RunState::Running, "started"); return;
    case RunState::Paused: record(ThresholdRebased{}); break;
    default: break;
  }
  change_run(RunState::Running, "went on");
}

Result<void> Controller::turn() {
  for (Gateway::Request& request : gateway_.drain()) {
    Gateway::Answer answer = accept(request.command);
    to_answer_.emplace_back(std::move(request), std::move(answer));
  }
  for (const Observation& observation : std::exchange(seen_, {})) note(observation);
  enforce_deadlines();
  apply_threshold();
  start_what_may();
  advance_run();
  retry_later();
  return commit_and_act();
}

void Controller::record(Fact fact) {
  Event event{ledger_.last_seq() + 1, clock_.now(), clock_.steady(), std::move(fact)};
  ledger_.apply(event);
  journal_.append(event);
  uncommitted_.push_back(std::move(event));
}

Result<void> Controller::commit_and_act() {
  if (!uncommitted_.empty()) {
    if (auto committed = journal_.commit(); !committed) {
      if (!journal_.disk_full()) return committed;
      if (!disk_full_) log::warning("the results volume is full: nothing starts until there is room");
      disk_full_ = true;
      retry_at_ = clock_.steady() + kTryAgain;
      return {};
    }
  }
  if (disk_full_) log::info("there is room on the results volume again");
  disk_full_ = false;
  for (const auto& [key, verdict] : std::exchange(to_settle_, {}))
    if (auto settled = workspace_.settle(key, verdict); !settled) log::error(settled.error().message);
  if (!uncommitted_.empty()) published_.committed(std::exchange(uncommitted_, {}));
  for (const std::function<void()>& act : std::exchange(acts_, {})) act();
  for (auto& [request, answer] : std::exchange(to_answer_, {})) request.answer.set_value(std::move(answer));
  return {};
}

void Controller::retry_later() {
  if (!retry_at_ || clock_.steady() < *retry_at_) return;
  retry_at_.reset();
  for (const std::function<void()>& act : std::exchange(later_, {})) act();
}

void Controller::change_run(RunState state, std::string message, RunState then) {
  log::info("the run is " + std::string(name_of(state)) + (message.empty() ? "" : ": " + message));
  record(RunStateChanged{state, std::move(message), then});
}

void Controller::apply_threshold() {
  if (!execution_.threshold || ledger_.run_state() != RunState::Running) return;
  const FailureThreshold& threshold = *execution_.threshold;
  const std::vector<RepetitionKey>& failed = ledger_.failed_since_rebase();
  if (failed.empty()) return;
  FailureCounts counts{failed.size(), ledger_.total(), ledger_.total()};
  counts.finished = ledger_.total() - ledger_.count(RepetitionState::Waiting) - ledger_.active().size();
  if (plan_.group_of) {
    std::set<std::string> groups;
    for (const RepetitionKey& key : failed) groups.insert(plan_.group_of(key.index));
    counts.failed = groups.size();
    counts.total = plan_.groups;
  }
  const std::optional<std::string> message = exceeded(threshold, counts);
  if (!message) return;
  switch (threshold.action) {
    case FailureThreshold::Action::Pause:
      ends_when_paused_ = true;
      return change_run(RunState::Paused, *message);
    case FailureThreshold::Action::Stop: return change_run(RunState::Stopping, *message, RunState::Failed);
    case FailureThreshold::Action::Cancel:
      change_run(RunState::Cancelling, *message, RunState::Failed);
      for (auto& [key, live] : live_) stop(live, Reason::Cancelled, *message, execution_.timeouts.grace);
  }
}

void Controller::advance_run() {
  const RunState state = ledger_.run_state();
  const Steady now = clock_.steady();
  if (execution_.timeouts.study && state == RunState::Running && now >= began_ + *execution_.timeouts.study) {
    const std::string message = "the study ran longer than " + format_duration(*execution_.timeouts.study);
    change_run(RunState::Cancelling, message, RunState::Failed);
    for (auto& [key, live] : live_) stop(live, Reason::Cancelled, message, execution_.timeouts.grace);
  }
  if (!live_.empty() || recovering_) return;
  const std::string message = ledger_.run_message();
  switch (ledger_.run_state()) {
    case RunState::Stopping:
    case RunState::Cancelling: return change_run(ledger_.run_then(), message);
    case RunState::Running: break;
    default: return;
  }
  if (ledger_.count(RepetitionState::Waiting) > 0) return;
  const uint64_t failed = ledger_.count(RepetitionState::Failed);
  if (failed == 0) return change_run(RunState::Completed, "");
  change_run(RunState::CompletedWithFailures,
             std::to_string(failed) + " of " + std::to_string(ledger_.total()) + " failed");
}

void Controller::start_what_may() {
  why_waiting_.clear();
  waits_until_.reset();
  if (recovering_ || disk_full_ || ledger_.run_state() != RunState::Running) return;
  while (true) {
    if (plan_.at_most && begun_here_ >= *plan_.at_most && ledger_.count(RepetitionState::Waiting) > 0) {
      return change_run(RunState::Stopping,
                        "--at-most " + std::to_string(*plan_.at_most) + " have been started");
    }
    const auto next = queue_.next(ledger_, clock_.steady());
    if (const auto* nothing = std::get_if<NothingStarts>(&next)) {
      why_waiting_ = nothing->why;
      waits_until_ = nothing->until;
      return;
    }
    start(std::get<NextStart>(next).key);
  }
}

void Controller::start(const AttemptKey& key) {
  if (key.attempt == 1) ++begun_here_;
  record(AttemptIntended{key, pin(key.repetition)});
  add_live(key);
  after_commit([this, key] { make(key); });
}

void Controller::make(const AttemptKey& key) {
  LiveAttempt* live = find(key);
  const ActiveAttempt* attempt = ledger_.active(key.repetition);
  if (!live || !attempt || live->stage != LiveAttempt::Stage::Making) return;
  auto spec = workspace_.spec(key, attempt->cpus);
  if (!spec) {
    Observation refused;
    refused.attempt = live->id;
    refused.phase = Observation::Phase::Refused;
    refused.reason = Reason::Interrupted;
    refused.message = spec.error().message;
    change_run(RunState::Paused, spec.error().message);
    ends_when_paused_ = true;
    return see(std::move(refused));
  }
  if (auto prepared = workspace_.prepare(key, *spec); !prepared) {
    live->message = prepared.error().message;
    later_.push_back([this, key] { make(key); });
    retry_at_ = earliest(retry_at_, clock_.steady() + kTryAgain);
    return;
  }
  engine_.create(*spec);
}

std::string Controller::pin(const RepetitionKey&) const {
  const int64_t wanted = plan_.study->pod.main.resources.millicpu.value_or(0);
  if (!execution_.pin_cpus || wanted == 0 || wanted % 1000 != 0) return "";
  const int64_t cores = wanted / 1000;
  std::set<std::string> taken;
  for (const auto& [key, attempt] : ledger_.active()) taken.insert(attempt.cpus);
  for (int64_t first = 0; (first + cores) * 1000 <= plan_.room.millicpu; first += cores) {
    std::string cpus = std::to_string(first);
    if (cores > 1) cpus += "-" + std::to_string(first + cores - 1);
    if (!taken.contains(cpus)) return cpus;
  }
  return "";
}

void Controller::enforce_deadlines() {
  const Steady now = clock_.steady();
  for (auto& [key, live] : live_) {
    if (live.stage >= LiveAttempt::Stage::Reading) continue;
    const ActiveAttempt& attempt = *ledger_.active(key);
    if (const auto over = expired(execution_.timeouts, attempt, live.last_sign, now))
      stop(live, over->reason, over->message, execution_.timeouts.grace);
    if (live.stage == LiveAttempt::Stage::Running && now >= live.next_look) look(live);
  }
}

std::optional<Steady> Controller::next_turn() const {
  if (!disk_full_ && (!seen_.empty() || !uncommitted_.empty() || !acts_.empty())) return clock_.steady();
  std::optional<Steady> next = earliest(waits_until_, retry_at_);
  if (execution_.timeouts.study && ledger_.run_state() == RunState::Running)
    next = earliest(next, began_ + *execution_.timeouts.study);
  for (const auto& [key, live] : live_) {
    if (live.stage >= LiveAttempt::Stage::Reading) continue;
    next = earliest(next, next_deadline(execution_.timeouts, *ledger_.active(key), live.last_sign));
    if (live.stage == LiveAttempt::Stage::Running && !live.look_under_way)
      next = earliest(next, live.next_look);
  }
  return next;
}

bool Controller::finished() const {
  if (handed_over_) return true;
  if (recovering_ || !live_.empty() || !leaving_.empty() || !uncommitted_.empty() || !seen_.empty())
    return false;
  return is_final(ledger_.run_state()) || (ledger_.run_state() == RunState::Paused && ends_when_paused_);
}

}  // namespace studyctl
