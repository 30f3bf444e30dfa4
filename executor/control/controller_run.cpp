#include "base/log.h"
#include "base/text.h"
#include "control/controller.h"
#include "control/core_pool.h"
#include "control/deadlines.h"

// How the run goes on: what starts, what is over, and when all of it ends.
namespace studyctl {
namespace {

std::string hours_text(double hours) {
  std::string text = std::to_string(hours);
  text.erase(text.find_last_not_of('0') + 1);
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

}  // namespace

void Controller::change_run(RunState state, std::string message, RunState then) {
  log::info("the run is " + std::string(name_of(state)) + (message.empty() ? "" : ": " + message));
  record(RunStateChanged{state, std::move(message), then});
}

void Controller::cancel_all(const std::string& message, RunState then, std::optional<Duration> grace) {
  if (ledger_.run_state() != RunState::Cancelling) change_run(RunState::Cancelling, message, then);
  for (auto& [key, live] : live_) stop(live, Reason::Cancelled, message, grace);
}

void Controller::pause_for_what_is_missing() {
  const std::string message = std::exchange(missing_, {});
  if (message.empty() || ledger_.run_state() != RunState::Running) return;
  ends_when_paused_ = true;
  change_run(RunState::Paused, message);
}

void Controller::count_groups() {
  failed_groups_.clear();
  finished_groups_.clear();
  if (!plan_.group_of) return;
  for (const RepetitionKey& key : ledger_.failed_since_rebase())
    failed_groups_.insert(plan_.group_of(key.index));
  if (!execution_.threshold || execution_.threshold->min_samples == 0) return;
  for (uint64_t index = 0; index < ledger_.experiments(); ++index)
    for (uint32_t cycle = 1; cycle <= ledger_.cycles_of(index); ++cycle)
      if (is_final(ledger_.state({ledger_.generation(), index, cycle})))
        finished_groups_.insert(plan_.group_of(index));
}

void Controller::count_group_of(const AttemptRecord& ended) {
  if (!plan_.group_of || state_after(ended.verdict) == RepetitionState::Waiting) return;
  if (!ledger_.has(ended.key.repetition)) return;
  const std::string group = plan_.group_of(ended.key.repetition.index);
  finished_groups_.insert(group);
  if (ended.verdict == Verdict::Failed) failed_groups_.insert(group);
}

FailureCounts Controller::failure_counts() const {
  if (plan_.group_of) return {failed_groups_.size(), finished_groups_.size(), plan_.groups};
  const uint64_t unfinished = ledger_.count(RepetitionState::Waiting) +
                              ledger_.count(RepetitionState::Starting) +
                              ledger_.count(RepetitionState::Running);
  return {ledger_.failed_since_rebase().size(), ledger_.total() - unfinished, ledger_.total()};
}

std::optional<std::string> Controller::over_threshold() const {
  if (!execution_.threshold || ledger_.failed_since_rebase().empty()) return std::nullopt;
  return exceeded(*execution_.threshold, failure_counts());
}

void Controller::apply_threshold() {
  if (ledger_.run_state() != RunState::Running) return;
  const std::optional<std::string> message = over_threshold();
  if (!message) return;
  switch (execution_.threshold->action) {
    case FailureThreshold::Action::Pause:
      ends_when_paused_ = true;
      return change_run(RunState::Paused, *message);
    case FailureThreshold::Action::Stop: return change_run(RunState::Stopping, *message, RunState::Failed);
    case FailureThreshold::Action::Cancel: return cancel_all(*message, RunState::Failed);
  }
}

std::optional<Steady> Controller::study_deadline() const {
  const RunState state = ledger_.run_state();
  const bool drains = state == RunState::Stopping || (state == RunState::Paused && !live_.empty());
  if (!execution_.timeouts.study || (state != RunState::Running && !drains)) return std::nullopt;
  return ledger_.running_since() + *execution_.timeouts.study;
}

void Controller::advance_run() {
  if (const auto deadline = study_deadline(); deadline && clock_.steady() >= *deadline)
    cancel_all("the study ran longer than " + format_duration(*execution_.timeouts.study), RunState::Failed);
  if (!live_.empty() || recovering_ || !to_settle_.empty() || unsynced_ > 0) return;
  const std::string message = ledger_.run_message();
  switch (ledger_.run_state()) {
    case RunState::Stopping:
    case RunState::Cancelling: return change_run(ledger_.run_then(), message);
    case RunState::Running:
    case RunState::Paused: break;
    default: return;
  }
  if (ledger_.count(RepetitionState::Waiting) > 0) return;
  // A pause with nothing behind it is the end.
  if (const auto over = over_threshold(); over && ledger_.run_state() == RunState::Paused)
    return change_run(RunState::Failed, *over);
  const uint64_t failed = ledger_.count(RepetitionState::Failed);
  const uint64_t cancelled = ledger_.count(RepetitionState::Cancelled);
  if (failed + cancelled == 0) return change_run(RunState::Completed, "");
  std::string counts = std::to_string(failed) + " of " + std::to_string(ledger_.total()) + " failed";
  if (cancelled > 0) counts += ", " + std::to_string(cancelled) + " cancelled";
  change_run(RunState::CompletedWithFailures, counts);
}

// A run that may start nothing is Pending once what it had begun is over.
void Controller::ask_for_seat() {
  if (!plan_.seat || recovering_) return;
  const RunState state = ledger_.run_state();
  const bool has_more = ledger_.count(RepetitionState::Waiting) > 0;
  const bool goes_on = state == RunState::Pending || state == RunState::Running;
  // What is not removed yet may still have its device and its memory.
  const bool is_removing = !leaving_.empty() && clock_.steady() < given_up_at();
  const Seat::Leave leave = plan_.seat->ask({goes_on && has_more, !live_.empty() || is_removing});
  held_back_ = leave.may_start ? "" : leave.why;
  if (state == RunState::Pending && (leave.may_start || !has_more))
    return change_run(RunState::Running, plan_.note.empty() ? "started" : "started; " + plan_.note);
  if (state != RunState::Running || leave.may_start || !has_more) return;
  if (live_.empty()) return change_run(RunState::Pending, "waits for " + leave.why);
  if (!leave.give_back) return;
  for (auto& [key, live] : live_)
    if (!ledger_.active(key)->stopping) stop(live, Reason::Interrupted, "makes room for " + leave.why);
}

void Controller::start_what_may() {
  why_waiting_ = held_back_;
  waits_until_.reset();
  if (recovering_ || disk_full_ || hands_over_until_ || !held_back_.empty()) return;
  if (!engine_.trouble().empty()) return;
  while (ledger_.run_state() == RunState::Running && unsynced_ < kMostUnsynced) {
    if (has_run_at_most())
      return change_run(RunState::Stopping,
                        "--at-most " + std::to_string(*plan_.at_most) + " have been started");
    if (is_spent())
      return change_run(RunState::Stopping, "the budget of " + hours_text(execution_.budget->gpu_hours) +
                                                " GPU-hours is spent: apply with a larger one to go on");
    const auto next = queue_.next(ledger_, clock_.steady());
    if (const auto* nothing = std::get_if<NothingStarts>(&next)) {
      why_waiting_ = nothing->why;
      waits_until_ = nothing->until;
      return;
    }
    const std::optional<AttemptKey> key = within_at_most(std::get<NextStart>(next).key);
    if (!key) return;
    if (auto late = too_late_for(key->repetition)) return change_run(RunState::Stopping, *std::move(late));
    start(*key);
  }
}

// What runs counts as far as it has come. Where nothing waits, nothing is left to spend it on.
bool Controller::is_spent() const {
  if (!execution_.budget || ledger_.count(RepetitionState::Waiting) == 0) return false;
  Duration spent = gpu_time_;
  for (const auto& [key, attempt] : ledger_.active())
    if (attempt.stage == ActiveAttempt::Stage::Running)
      spent += (clock_.steady() - attempt.running_since) * static_cast<int64_t>(attempt.devices.size());
  return std::chrono::duration<double, std::ratio<3600>>(spent).count() >= execution_.budget->gpu_hours;
}

// Behind its pilot a run pauses, where anything is left that could go wrong like it.
void Controller::end_pilot() {
  if (plan_.pilot.empty() || ledger_.pilot_has_ended() || recovering_ ||
      ledger_.run_state() != RunState::Running)
    return;
  uint64_t succeeded = 0;
  for (RepetitionKey key : plan_.pilot) {
    key.generation = ledger_.generation();
    if (!ledger_.has(key)) continue;
    if (!is_final(ledger_.state(key))) return;
    const RepetitionState state = ledger_.state(key);
    succeeded += state == RepetitionState::Succeeded || state == RepetitionState::Cached ? 1 : 0;
  }
  record(PilotEnded{});
  const uint64_t left = ledger_.count(RepetitionState::Waiting);
  if (left == 0 || !plan_.pauses_after_pilot) return;
  ends_when_paused_ = true;
  change_run(RunState::Paused, std::string(kPilotIsOver) + ": " + std::to_string(succeeded) + " of " +
                                   std::to_string(plan_.pilot.size()) +
                                   " succeeded; resume goes on with the other " + std::to_string(left));
}

// One more cycle, once all that are planned of it are over.
void Controller::repeat_if_uncertain(uint64_t index) {
  if (!repetition_rule_) return;
  const uint32_t cycles = ledger_.cycles_of(index);
  for (uint32_t cycle = cycles; cycle >= 1; --cycle)
    if (!is_final(ledger_.state({ledger_.generation(), index, cycle}))) return;
  const bool is_skipped = ledger_.state({ledger_.generation(), index, cycles}) == RepetitionState::Skipped;
  if (is_skipped || !repetition_rule_->wants_another(index, cycles)) return;
  const RepetitionKey next{ledger_.generation(), index, cycles + 1};
  record(RepetitionAdded{next});
  queue_.reconsider(next);
}

// Those that were begun have ended, retries included.
bool Controller::has_run_at_most() const {
  if (!plan_.at_most || begun_here_.size() < *plan_.at_most || !live_.empty()) return false;
  for (const auto& [not_before, key] : ledger_.retries())
    if (begun_here_.contains(key)) return false;
  return ledger_.count(RepetitionState::Waiting) > 0;
}

std::optional<AttemptKey> Controller::within_at_most(const AttemptKey& next) {
  if (!plan_.at_most || begun_here_.size() < *plan_.at_most || begun_here_.contains(next.repetition))
    return next;
  why_waiting_ = "--at-most " + std::to_string(*plan_.at_most) + " have been started";
  for (const auto& [not_before, key] : ledger_.retries()) {
    if (!begun_here_.contains(key)) continue;
    if (not_before <= clock_.steady()) return AttemptKey{key, ledger_.next_attempt(key)};
    waits_until_ = not_before;
    break;
  }
  return std::nullopt;
}

void Controller::start(const AttemptKey& key) {
  if (plan_.at_most) begun_here_.insert(key.repetition);
  record(AttemptIntended{key, pin(key.repetition)});
  add_live(key);
  after_commit([this, key] { make(key); });
}

std::string Controller::pin(const RepetitionKey& repetition) {
  const PodTemplate& pod = plan_.variant_of ? plan_.variant_of(repetition).pod : plan_.study->pod;
  const int64_t wanted = pod.main.resources.millicpu.value_or(0);
  if (!execution_.pin_cpus || wanted == 0 || wanted % 1000 != 0) return "";
  return cores().take(plan_.run, pinned(), wanted / 1000, plan_.room.millicpu / 1000);
}

std::set<int> Controller::pinned() const {
  std::set<int> pinned;
  for (const auto& [key, attempt] : ledger_.active()) pinned.merge(cores_of(attempt.cpus));
  return pinned;
}

bool Controller::may_start(const RepetitionKey& key) const {
  return ledger_.run_state() == RunState::Running && ledger_.has(key);
}

void Controller::withdraw_unstarted() {
  for (auto& [key, live] : live_) {
    if (may_start(key)) continue;
    const ActiveAttempt& attempt = *ledger_.active(key);
    const bool unmade =
        live.stage == LiveAttempt::Stage::Making && attempt.stage == ActiveAttempt::Stage::Intended;
    const bool is_queued = live.is_queued && live.stage < LiveAttempt::Stage::Running;
    if ((!unmade && !is_queued) || attempt.stopping) continue;
    give_back(live);
    halt(live, Duration(0));
  }
}

// With what it waited that counts.
void Controller::enforce_deadlines() {
  if (recovering_) return;
  const Steady now = clock_.steady();
  const bool takes_nothing = !engine_.trouble().empty();
  for (auto& [key, live] : live_) {
    if (live.stage >= LiveAttempt::Stage::Reading) continue;
    if (takes_nothing) live.patient_from = now;
    if (const auto over = expired(live.timeouts, *ledger_.active(key), live.counts_from(), now))
      stop(live, over->reason, over->message);
    if (live.stage == LiveAttempt::Stage::Running && now >= live.next_look) look(live);
  }
}

}  // namespace studyctl
