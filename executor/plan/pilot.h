#pragma once

#include <vector>

#include "model/study.h"
#include "plan/order.h"
#include "plan/plan.h"

namespace studyctl {

// The repetitions of a pilot, in the run's order: the first `count`; in the first cycle all with the first so
// many values of a parameter; in the first cycle the first experiment of each combination of parameters.
std::vector<RepetitionKey> pilot_of(const Pilot& pilot, const Plan& plan, const RunOrder& order);

}  // namespace studyctl
