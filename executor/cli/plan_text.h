#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/study_source.h"

namespace studyctl {

// What apply and plan begin with: how many experiments and repetitions, what was excluded and why, how long
// it may take.
std::vector<std::string> plan_summary(const LoadedStudy& study);

}  // namespace studyctl
