#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/run_choice.h"
#include "cli/selection.h"

namespace studyctl {

// A repetition that was never started: the plan alone knows it.
struct PlannedRepetition {
  uint64_t index = 0;
  uint32_t cycle = 1;
  std::string experiment;
  std::string parameters;  // JSON object
};

// What those are in that were never started: Waiting, or Cancelled with their run.
RepetitionState state_of_never_started(const RunSummary& run);

// How many there are, whatever is selected.
Result<uint64_t> count_never_started(const ChosenRun& chosen);

// Those that are selected, in the order in which they are to start, computed from the run's manifest. `visit`
// returns false to end.
Result<void> visit_never_started(const ChosenRun& chosen, const SelectionRules& rules,
                                 const std::function<bool(const PlannedRepetition&)>& visit);

}  // namespace studyctl
