#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/filter.h"
#include "store/catalog.h"
#include "study/run_choice.h"

namespace studyctl {

// What the N words of a set are called: all_words<Reason, kReasons>().
template <class Word, size_t N>
std::vector<std::string> all_words() {
  std::vector<std::string> names;
  for (size_t i = 0; i < N; ++i) names.emplace_back(name_of(static_cast<Word>(i)));
  return names;
}

// Which repetitions of a run: `-l molecule=water --state Failed --reason Timeout`, or the beginning of an
// experiment's id.
struct Selection {
  std::string selector;
  std::vector<std::string> states;
  std::vector<std::string> reasons;
  std::string experiment;
  uint32_t min_fails = 0;

  // By more than the experiment's id.
  bool has_rules() const { return !selector.empty() || !states.empty() || !reasons.empty() || min_fails > 0; }
};

// A Selection whose words were understood.
struct SelectionRules {
  RepetitionFilter filter;
  Selector selector;

  // By its state alone.
  bool wants(RepetitionState state) const;
};

// Invalid names the word that is not known, and those that are.
Result<SelectionRules> understand(const Selection& selection);

// Lets experiments through by their parameters, and remembers what it saw: a selector that names a parameter
// that no experiment has is a mistake.
class ParameterSieve {
 public:
  explicit ParameterSieve(const Selector& selector) : selector_(selector), asked_(selector.names()) {}

  // `parameters` is a JSON object.
  bool passes(const std::string& parameters);
  bool passes(const Point& point);
  // Invalid: none passed, and none has a parameter that the selector names.
  Result<void> verdict() const;

 private:
  const Selector& selector_;
  std::vector<std::string> asked_;
  std::set<std::string> known_;
  bool passed_ = false;
};

using VisitRepetition = std::function<bool(const RepetitionSummary&)>;

// Calls `visit` for each selected repetition that was started at least once, in the order of their first
// starts, until it returns false. Invalid as ParameterSieve says.
Result<void> visit_started(const ChosenRun& chosen, const SelectionRules& rules,
                           const VisitRepetition& visit);

// Those that were never started are no rows of the database: they are computed from the run's manifest, in
// the order in which they are to start. They have no attempt, and are Waiting, or Cancelled with their run.
Result<void> visit_never_started(const ChosenRun& chosen, const SelectionRules& rules,
                                 const VisitRepetition& visit);
RepetitionState state_of_never_started(const RunSummary& run);
// How many of them there are, by their parameters and their experiment alone.
Result<uint64_t> count_never_started(const ChosenRun& chosen, const SelectionRules& rules);

// Those that were started, and where their state is asked for by its name also those that never were.
Result<void> visit_selected(const ChosenRun& chosen, const SelectionRules& rules,
                            const VisitRepetition& visit);

}  // namespace studyctl
