#pragma once

#include "store/status.h"
#include "study/run_choice.h"

namespace studyctl {

// What a run that is paused behind its pilot ends with: what the pilot measured, and how long the rest will
// take by it.
void print_pilot_end(const ChosenRun& chosen, const Status& status);

}  // namespace studyctl
