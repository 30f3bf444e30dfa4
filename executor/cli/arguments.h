#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "study/selection.h"

namespace studyctl {

// The argument STUDY of a command, in the words that choose_run() knows.
void add_study(CLI::App& command, std::string& study);
// -l, --state, --reason, --min-fails, and the argument EXPERIMENT.
void add_selection(CLI::App& command, Selection& selection);
// The argument EXPERIMENT alone.
void add_experiment(CLI::App& command, std::string& experiment);

}  // namespace studyctl
