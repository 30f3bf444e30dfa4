#pragma once

#include "cli/listing.h"
#include "store/catalog.h"
#include "study/run_choice.h"

namespace studyctl {

// `get summary`: how the repetitions of a run stand by state and reason, what timed out, and the chronic
// experiments: those with a repetition that failed `min_fails` times or more. As names and paths, the chronic
// ones alone.
Result<void> print_run_summary(const ChosenRun& chosen, uint32_t min_fails, Output output);

}  // namespace studyctl
