#include "service/operator/study_report.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

// So coarse that it does not change by every second that goes by.
std::string eta_text(double seconds) {
  const double step = seconds < 60 ? 5 : seconds < 3600 ? 60 : 600;
  const auto rounded = static_cast<int64_t>(std::ceil(seconds / step) * step);
  return human_duration(std::chrono::seconds(rounded));
}

void put_condition(StudyObjectStatus& status, StudyCondition condition) {
  const auto known = std::find_if(status.conditions.begin(), status.conditions.end(),
                                  [&](const StudyCondition& one) { return one.type == condition.type; });
  if (known == status.conditions.end()) {
    status.conditions.push_back(std::move(condition));
  } else {
    *known = std::move(condition);
  }
}

// Those of a Job, by which scripts wait: all has run that is to run; it ended before that.
void put_end(StudyObjectStatus& status, RunState state, const std::string& message) {
  const std::string reason(name_of(state));
  const bool is_complete = state == RunState::Completed || state == RunState::CompletedWithFailures;
  put_condition(status, {"Complete", is_complete, reason, is_complete ? message : ""});
  const bool is_failed = is_final(state) && !is_complete;
  put_condition(status, {"Failed", is_failed, reason, is_failed ? message : ""});
}

uint64_t count(const Status& run, RepetitionState state) {
  return run.counts[static_cast<size_t>(state)];
}

// Why it waits, where nothing of it runs; else why it is in its state.
std::string message_of(const Status& run) {
  if (!run.state_reason.empty() || is_final(run.state)) return run.state_reason;
  std::string first = run.waiting_for.empty() ? std::string() : run.waiting_for.front();
  for (const Status::Current& one : run.current)
    if (one.state == RepetitionState::Starting && !one.message.empty())
      return one.message == first ? first : one.experiment + ": " + one.message;
  return first;
}

}  // namespace

void put_run(StudyObjectStatus& status, const Status& run, Instant now) {
  const RunState state = shown_state(run, now);
  status.run_id = run.run_id;
  status.state = name_of(state);
  status.message = message_of(run);
  status.total = run.total;
  status.failed = run.failed;
  status.succeeded = count(run, RepetitionState::Succeeded) + count(run, RepetitionState::Cached);
  status.ended = 0;
  for (const auto one : {RepetitionState::Succeeded, RepetitionState::Failed, RepetitionState::Infeasible,
                         RepetitionState::Cancelled, RepetitionState::Skipped, RepetitionState::Cached})
    status.ended += count(run, one);
  status.eta = run.eta_seconds && !is_final(state) ? eta_text(*run.eta_seconds) : "";
  status.started_at = instant_text(run.started_at);
  status.finished_at = instant_text(run.finished_at);
  put_end(status, state, status.message);
}

void put_accepted(StudyObjectStatus& status, bool is_accepted, const std::string& reason,
                  const std::string& message) {
  put_condition(status, {"Accepted", is_accepted, reason, message});
}

void date_conditions(StudyObjectStatus& status, const StudyObjectStatus& before, Instant now) {
  for (StudyCondition& condition : status.conditions) {
    const auto was = std::find_if(before.conditions.begin(), before.conditions.end(),
                                  [&](const StudyCondition& one) { return one.type == condition.type; });
    const bool is_same = was != before.conditions.end() && was->is_true == condition.is_true;
    condition.since = is_same ? was->since : instant_text(now);
  }
}

std::optional<StudyEvent> event_of_change(const StudyObjectStatus& before, const StudyObjectStatus& after) {
  if (before.state == after.state || after.state.empty()) return std::nullopt;
  const auto state = run_state_named(after.state);
  if (!state) return std::nullopt;
  std::string counts = std::to_string(after.succeeded) + " of " + std::to_string(after.total) + " succeeded";
  if (after.failed > 0) counts += ", " + std::to_string(after.failed) + " failed";
  if (!after.message.empty()) counts += ": " + after.message;
  const bool is_warning = *state == RunState::Failed || *state == RunState::CompletedWithFailures ||
                          *state == RunState::Interrupted;
  return StudyEvent{is_warning, after.state, counts};
}

}  // namespace studyctl
