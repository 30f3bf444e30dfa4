#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/run_choice.h"
#include "store/catalog.h"

namespace studyctl {

// Which repetitions of a run: `-l molecule=water --state Failed --reason Timeout`, or the beginning of an
// experiment's id.
struct Selection {
  std::string selector;
  std::vector<std::string> states;
  std::vector<std::string> reasons;
  std::string experiment;
};

void add_selection(CLI::App& command, Selection& selection);

// Those of the repetitions that were started at least once. Invalid names a word that is not known.
Result<std::vector<RepetitionSummary>> select_repetitions(const ChosenRun& chosen,
                                                          const Selection& selection);

}  // namespace studyctl
