#include "cli/exit_code.h"

#include "control/controller.h"

namespace studyctl {

int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::Invalid: return kRefused;
    case ErrorCode::NotFound: return kNotFound;
    case ErrorCode::Conflict: return kConflict;
    case ErrorCode::Unavailable: return kUnavailable;
    case ErrorCode::Internal: return kInternal;
  }
  return kInternal;
}

int exit_code_of(RunState state, std::string_view reason) {
  if (state == RunState::Paused && reason.starts_with(kPilotIsOver)) return kPilotIsDone;
  switch (state) {
    case RunState::Completed: return kSucceeded;
    case RunState::CompletedWithFailures: return kFinishedWithFailures;
    case RunState::Failed:
    case RunState::Paused: return kThresholdExceeded;
    default: return kStopped;
  }
}

}  // namespace studyctl
