#pragma once

#include "base/result.h"
#include "control/command.h"
#include "study/run_choice.h"

namespace studyctl {

// Where nobody drives a run: records of its waiting repetitions that they will not run, and starts nothing.
// For whoever holds the volume.
Result<void> record_skips(const ChosenRun& chosen, const Command& command);

// Whether a controller that is started for a command finds something to do in a run that is in `state`.
bool has_something_to_do(Command::Kind kind, RunState state);
// Why it does not, and what helps.
Error nobody_drives_it(const RunSummary& run);

}  // namespace studyctl
