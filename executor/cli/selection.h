#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/run_choice.h"
#include "plan/filter.h"
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

// A Selection whose words were understood.
struct SelectionRules {
  RepetitionFilter filter;
  Selector selector;

  // By its parameters (a JSON object) alone.
  bool matches(const std::string& parameters) const;
  // By its state alone.
  bool wants(RepetitionState state) const;
};

// Invalid names the word that is not known, and those that are.
Result<SelectionRules> understand(const Selection& selection);

// Invalid names a parameter of the selector that is not among `known`, where there are any.
Result<void> check_names(const Selector& selector, const std::set<std::string>& known);

// Calls `visit` for each selected repetition that was started at least once, in the order of their first
// starts, until it returns false. Invalid: nothing is selected, since no experiment has a parameter that the
// selector names.
Result<void> visit_selected(const ChosenRun& chosen, const SelectionRules& rules,
                            const std::function<bool(const RepetitionSummary&)>& visit);

// Those of the repetitions that were started at least once. Invalid names a word that is not known.
Result<std::vector<RepetitionSummary>> select_repetitions(const ChosenRun& chosen,
                                                          const Selection& selection);

}  // namespace studyctl
