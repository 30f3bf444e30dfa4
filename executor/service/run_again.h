#pragma once

#include <optional>

#include "service/run_driver.h"
#include "study/apply_request.h"
#include "study/run_choice.h"

namespace studyctl {

// A new run of what another run was of.
struct RunAgain {
  ApplyRequest apply;
  std::optional<Command> first;  // leaves out what was not asked for
};

// NotFound: nothing that the run plans is selected. Invalid: the manifest does not allow what is asked for.
Result<RunAgain> run_again(const ChosenRun& chosen, const AgainRequest& request);

}  // namespace studyctl
