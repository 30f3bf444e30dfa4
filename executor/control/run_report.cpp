#include "control/run_report.h"

#include <algorithm>
#include <numeric>

#include "base/log.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kRolling = 10;

template <class T>
void push_rolling(std::deque<T>& values, T value) {
  values.push_back(std::move(value));
  if (values.size() > kRolling) values.pop_front();
}

Duration mean(const std::deque<Duration>& durations) {
  if (durations.empty()) return Duration(0);
  return std::accumulate(durations.begin(), durations.end(), Duration(0)) /
         static_cast<int64_t>(durations.size());
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

RunReport::RunReport(Parts parts, Publisher publisher, StatusFile status)
    : parts_(std::move(parts)), publisher_(std::move(publisher)), status_file_(std::move(status)) {
  parts_.metrics.last_end.set(seconds(parts_.clock.now().time_since_epoch()));
}

void RunReport::replayed(const Event& event) {
  fold(event);
  publisher_.publish(event);
}

void RunReport::committed(const std::vector<Event>& events) {
  for (const Event& event : events) {
    fold(event);
    if (const auto* ended = std::get_if<AttemptEnded>(&event.fact)) measure_end(*ended, event);
    publisher_.publish(event);
  }
  status_file_.touch();
  flush();
}

void RunReport::flush() {
  auto flushed = publisher_.flush();
  if (!flushed && !behind_) log::warning(flushed.error().message);
  behind_ = !flushed;
  if (flushed) parts_.journal.set_checkpoints(publisher_.checkpoints());
}

void RunReport::fold(const Event& event) {
  eta_.note(event);
  if (const auto* ended = std::get_if<AttemptEnded>(&event.fact)) fold_end(*ended, event);
}

void RunReport::fold_end(const AttemptEnded& fact, const Event& event) {
  if (fact.verdict == Verdict::Withdrawn) return;
  if (fact.verdict == Verdict::Succeeded) return push_rolling(durations_, fact.duration);
  signatures_.add(fact.message.empty() ? std::string(name_of(fact.reason)) : fact.message);
  const RepetitionKey& key = fact.key.repetition;
  push_rolling(failures_, {key, Status::Failure{"", "", key.cycle, fact.reason, fact.message, event.at}});
}

void RunReport::measure_end(const AttemptEnded& fact, const Event& event) const {
  if (fact.verdict == Verdict::Withdrawn) return;
  parts_.metrics.attempts.at(static_cast<size_t>(fact.verdict)).observe(seconds(fact.duration));
  parts_.metrics.last_end.set(seconds(event.at.time_since_epoch()));
}

void RunReport::measure(const Controller& controller) const {
  size_t leased = 0;
  for (const auto& [key, attempt] : controller.ledger().active()) leased += attempt.devices.size();
  parts_.metrics.leased.set(static_cast<double>(leased));
  parts_.metrics.disk_full.set(controller.disk_full() ? 1 : 0);
}

void RunReport::refresh(const Controller& controller) {
  if (behind_) flush();
  const bool is_on = !controller.live().empty() || controller.ledger().run_state() == RunState::Pending;
  if (is_on && !controller.why_waiting().empty()) status_file_.touch();
  // What is left behind is how it ended, also where the state was there before the last attempt had ended.
  if (!status_file_.due(controller.ledger().run_state()) && !controller.finished()) return;
  measure(controller);
  if (auto written = status_file_.write(status(controller)); !written) log::debug(written.error().message);
}

Status RunReport::status(const Controller& controller) {
  const Ledger& ledger = controller.ledger();
  Status status;
  status.study = parts_.study;
  status.run_id = parts_.run_id;
  status.state = ledger.run_state();
  status.state_reason = ledger.run_message();
  if (controller.disk_full()) {
    status.state = RunState::Paused;
    status.state_reason = "the results volume is full: it goes on by itself when there is room";
  }
  status.started_at = ledger.started_at();
  status.finished_at = ledger.finished_at();
  status.updated_at = status.heartbeat_at = parts_.clock.now();
  status.total = ledger.total();
  status.completed = ledger.count(RepetitionState::Succeeded) + ledger.count(RepetitionState::Cached);
  status.failed = ledger.count(RepetitionState::Failed);
  for (size_t i = 0; i < kRepetitionStates; ++i)
    status.counts.at(i) = ledger.count(static_cast<RepetitionState>(i));
  for (size_t i = 0; i < kReasons; ++i) status.reasons.at(i) = ledger.count(static_cast<Reason>(i));
  for (const auto& [key, failure] : failures_) {
    const ExperimentFacts& facts = parts_.experiments.facts(key);
    status.failures.push_back(failure);
    status.failures.back().experiment = facts.experiment;
    status.failures.back().parameters = facts.parameters;
  }
  status.signatures = signatures_.most_frequent(Status::kMostSignatures);
  status.failed_attempts = signatures_.total();
  status.quarantined = controller.quarantined();
  status.controller = this_process();
  add_current(controller, status);
  add_times(controller, status);
  return status;
}

void RunReport::add_current(const Controller& controller, Status& status) const {
  // What holds all of them is said once.
  const std::string trouble = controller.trouble();
  if (!trouble.empty()) status.waiting_for.push_back(trouble);
  for (const auto& [key, live] : controller.live()) {
    if (status.current.size() >= Status::kMostCurrent) break;
    const ActiveAttempt& attempt = *controller.ledger().active(key);
    const ExperimentFacts& facts = parts_.experiments.facts(key);
    Status::Current current;
    current.experiment = facts.experiment;
    current.parameters = facts.parameters;
    current.cycle = key.cycle;
    current.attempt = live.key.attempt;
    current.state = controller.ledger().state(key);
    current.device = join(attempt.devices, ", ");
    if (attempt.stage == ActiveAttempt::Stage::Running) current.started_at = attempt.started_at;
    current.progress = live.fraction;
    current.message = live.message.empty() ? live.progress : live.message;
    const bool is_said = live.message.empty() || live.message == trouble;
    if (!is_said && status.waiting_for.size() < Status::kMostWaitingFor)
      status.waiting_for.push_back(facts.experiment + ": " + live.message);
    status.current.push_back(std::move(current));
  }
}

void RunReport::add_times(const Controller& controller, Status& status) {
  const Ledger& ledger = controller.ledger();
  const Steady now = parts_.clock.steady();
  if (ledger.cooldown_until() > now && ledger.run_state() == RunState::Running)
    status.cooldown_until = status.updated_at + (ledger.cooldown_until() - now);
  if (!controller.why_waiting().empty()) {
    std::string why = "the next start waits for " + controller.why_waiting();
    if (controller.waits_until() && *controller.waits_until() > now)
      why += ", " + human_duration(*controller.waits_until() - now) + " more";
    status.waiting_for.push_back(why);
  }
  if (!durations_.empty()) status.avg_duration_seconds = seconds(mean(durations_));
  if (is_final(ledger.run_state())) return;

  const Study& study = parts_.experiments.study({ledger.generation(), 0, 1});
  const auto progress = [&](const RepetitionKey& key) {
    const auto live = controller.live().find(key);
    return live == controller.live().end() ? std::nullopt : live->second.fraction;
  };
  const auto left =
      eta_.left({ledger, study, std::min(parts_.places, study.execution.parallelism),
                 [&](const RepetitionKey& key) { return parts_.experiments.point(key); }, progress, now});
  if (!left) return;
  status.eta_seconds = seconds(left->p50);
  status.eta_p90_seconds = seconds(left->p90);
}

}  // namespace studyctl
