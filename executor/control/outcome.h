#pragma once

#include <string>

#include "control/workspace.h"
#include "engine/engine.h"
#include "model/ledger.h"

namespace studyctl {

struct Outcome {
  Reason reason = Reason::Completed;
  std::string message;  // one sentence; empty for a plain success
};

// Why an attempt ended, from all that is known, best proof first: a stop that we recorded before we sent it,
// what the engine or the kernel proves, the exit code, what the files say.
Outcome outcome_of(const ActiveAttempt& attempt, const Observation& end, const Findings& findings);

// True when its files are to be asked for results: it ended by itself, with 0.
bool ended_well(const ActiveAttempt& attempt, const Observation& end);

}  // namespace studyctl
