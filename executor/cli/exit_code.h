#pragma once

#include <string_view>

#include "base/result.h"
#include "model/states.h"

namespace studyctl {

// What a script may trust; documented in README.md.
enum ExitCode : int {
  kSucceeded = 0,
  kFinishedWithFailures = 1,
  kThresholdExceeded = 2,  // or failed by a rule or the study's timeout
  kStopped = 3,            // stopped, cancelled or interrupted
  kRefused = 4,            // before anything started: manifest, usage, cap, preflight
  kUnavailable = 5,        // engine, server or volume
  kConflict = 6,           // another controller holds the volume, or the state forbids it
  kPilotIsDone = 7,        // paused behind its pilot
  kNotFound = 8,
  kInternal = 70,
  kTimedOut = 124,  // wait --timeout
};

int exit_code_of(ErrorCode code);
// Of apply and wait, for a run that has come to `state`.
int exit_code_of(RunState state, std::string_view reason);

}  // namespace studyctl
