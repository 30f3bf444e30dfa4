#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "study/run_choice.h"

namespace studyctl {

// One experiment of a run, that a user named.
struct ChosenExperiment {
  std::string experiment;
  std::string parameters;                  // JSON object
  std::vector<RepetitionSummary> started;  // its repetitions, in the order of their first starts
};

// `name` is an experiment's id or its beginning; one that was never started is found in the plan. NotFound;
// Invalid names those that begin so.
Result<ChosenExperiment> choose_experiment(const ChosenRun& chosen, const std::string& name);

// Of those that were started: the one in `cycle`, else the one that was started last. NotFound.
Result<RepetitionSummary> repetition_of(const ChosenExperiment& experiment, std::optional<uint32_t> cycle);

}  // namespace studyctl
