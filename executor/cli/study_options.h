#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "study/study_source.h"

namespace studyctl {

// The manifest and the flags that win over it, for apply, plan and validate.
void add_study_options(CLI::App& command, StudyArguments& arguments);

// The study of a command; where a service runs it for somebody, the one that came with it on standard input.
Result<std::unique_ptr<LoadedStudy>> load_named_study(const StudyArguments& arguments);

// What is not wrong and yet worth a word, on standard error.
void print_warnings(const LoadedStudy& study);

// Those flags as typed, for the record: "--cycles=3".
std::vector<std::string> flags_of(const StudyArguments& arguments);

}  // namespace studyctl
