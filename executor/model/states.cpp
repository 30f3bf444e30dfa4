#include "model/states.h"

#include <algorithm>

namespace studyctl {
namespace {

constexpr std::array<std::string_view, kReasons> kReasonNames = {
    "Completed", "Error",       "OOMKilled",     "Timeout",     "Stalled",    "PendingTimeout",
    "ImagePull", "CreateError", "ResultMissing", "CheckFailed", "Lost",       "Evicted",
    "GpuOOM",    "GpuLost",     "GpuFault",      "Cancelled",   "Interrupted"};
constexpr std::array<std::string_view, kRepetitionStates> kRepetitionNames = {
    "Waiting", "Starting", "Running", "Succeeded", "Failed", "Infeasible", "Cancelled", "Skipped", "Cached"};
constexpr std::array<std::string_view, kRunStates> kRunNames = {
    "Pending",   "Running",    "Paused",
    "Stopping",  "Stopped",    "Cancelling",
    "Cancelled", "Completed",  "CompletedWithFailures",
    "Failed",    "Interrupted"};

constexpr std::array<std::string_view, kVerdicts> kVerdictNames = {"Succeeded", "Failed", "Infeasible",
                                                                   "Cancelled", "Retry",  "Withdrawn"};

template <class Enum, size_t N>
std::optional<Enum> named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto* found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view name_of(Reason reason) {
  return kReasonNames.at(static_cast<size_t>(reason));
}
std::string_view name_of(RepetitionState state) {
  return kRepetitionNames.at(static_cast<size_t>(state));
}
std::string_view name_of(RunState state) {
  return kRunNames.at(static_cast<size_t>(state));
}
std::string_view name_of(Verdict verdict) {
  return kVerdictNames.at(static_cast<size_t>(verdict));
}

std::optional<Reason> reason_named(std::string_view name) {
  return named<Reason>(kReasonNames, name);
}
std::optional<RepetitionState> repetition_state_named(std::string_view name) {
  return named<RepetitionState>(kRepetitionNames, name);
}
std::optional<RunState> run_state_named(std::string_view name) {
  return named<RunState>(kRunNames, name);
}
std::optional<Verdict> verdict_named(std::string_view name) {
  return named<Verdict>(kVerdictNames, name);
}

RepetitionState state_after(Verdict verdict) {
  switch (verdict) {
    case Verdict::Succeeded: return RepetitionState::Succeeded;
    case Verdict::Failed: return RepetitionState::Failed;
    case Verdict::Infeasible: return RepetitionState::Infeasible;
    case Verdict::Cancelled: return RepetitionState::Cancelled;
    case Verdict::Retry:
    case Verdict::Withdrawn: return RepetitionState::Waiting;
  }
  return RepetitionState::Failed;
}

bool is_final(RepetitionState state) {
  return state > RepetitionState::Running;
}

bool is_final(RunState state) {
  switch (state) {
    case RunState::Stopped:
    case RunState::Cancelled:
    case RunState::Completed:
    case RunState::CompletedWithFailures:
    case RunState::Failed: return true;
    default: return false;
  }
}

}  // namespace studyctl
