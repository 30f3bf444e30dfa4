#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/study_source.h"

namespace studyctl {

// The manifest and the flags that win over it, for apply, plan and validate.
void add_study_options(CLI::App& command, StudyArguments& arguments);

// Those flags as typed, for the record: "--cycles=3".
std::vector<std::string> flags_of(const StudyArguments& arguments);

}  // namespace studyctl
