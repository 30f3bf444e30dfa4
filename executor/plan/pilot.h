#pragma once

#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "plan/order.h"
#include "plan/plan.h"

namespace studyctl {

// The repetitions of a pilot, in the run's order: the first `count`; in the first cycle all with the first so
// many values of a parameter; in the first cycle the first experiment of each combination of parameters; in
// the first cycle all that match `of`, where that stands alone: a Selector, as -l has it.
std::vector<RepetitionKey> pilot_of(const Pilot& pilot, const Plan& plan, const RunOrder& order);

// Invalid: a selector that cannot be read, or that no experiment matches.
Result<void> check_pilot(const Pilot& pilot, const Plan& plan);

}  // namespace studyctl
