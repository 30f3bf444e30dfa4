#pragma once

#include <cstdio>

#include "cli/study_source.h"

namespace studyctl {

// The plan as JSON Lines, an experiment a line: {"index", "experiment", "identity", "parameters"}.
void print_plan_json(const LoadedStudy& study, std::FILE* to);

}  // namespace studyctl
