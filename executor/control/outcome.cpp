#include "control/outcome.h"

#include <csignal>
#include <cstring>

namespace studyctl {
namespace {

std::string workload_says(const Findings& findings) {
  if (!findings.failure) return {};
  const auto& [type, message, traceback, last_lines] = *findings.failure;
  return type + (type.empty() || message.empty() ? "" : ": ") + message;
}

std::string exit_text(const Observation& end) {
  if (end.exit_code == 137 && end.signal == 0) return "killed (137), cause unknown";
  if (end.signal > 0)
    return "ended by signal " + std::to_string(end.signal) + " (" + strsignal(end.signal) + ")";
  if (end.exit_code > 128 && end.exit_code < 128 + 65)
    return "exit code " + std::to_string(end.exit_code) + " (" + strsignal(end.exit_code - 128) + ")";
  return "exit code " + std::to_string(end.exit_code);
}

Outcome failed_by_itself(const Observation& end, const Findings& findings) {
  std::string message = exit_text(end);
  if (const std::string said = workload_says(findings); !said.empty()) message += ": " + said;
  return {Reason::Error, message};
}

}  // namespace

bool ended_well(const ActiveAttempt& attempt, const Observation& end) {
  return !attempt.stopping && end.phase == Observation::Phase::Exited && end.exit_code == 0 &&
         end.reason == Reason::Completed;
}

Outcome outcome_of(const ActiveAttempt& attempt, const Observation& end, const Findings& findings) {
  if (attempt.stopping) return {*attempt.stopping, attempt.stop_message};
  switch (end.phase) {
    case Observation::Phase::Refused:
      return {end.reason == Reason::Completed ? Reason::CreateError : end.reason, end.message};
    case Observation::Phase::Missing:
      if (attempt.stage == ActiveAttempt::Stage::Starting || end.reason == Reason::Interrupted)
        return {Reason::Interrupted, end.message.empty() ? "its start was cut off" : end.message};
      return {Reason::Lost, end.message.empty() ? "the engine no longer knows its container" : end.message};
    default: break;
  }
  if (ended_well(attempt, end)) {
    if (findings.verdict) return {*findings.verdict, findings.message};
    return {Reason::Completed, ""};
  }
  if (end.reason != Reason::Completed && end.reason != Reason::Error)
    return {end.reason, end.message.empty() ? exit_text(end) : end.message};
  if (const auto& gpu = findings.gpu_failure; gpu && (!gpu->needs_device || !attempt.devices.empty()))
    return {gpu->reason, gpu->message};
  return failed_by_itself(end, findings);
}

}  // namespace studyctl
