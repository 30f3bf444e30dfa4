#include "cli/experiment_choice.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "study/selection.h"

namespace studyctl {
namespace {

constexpr size_t kMostNamed = 10;

// Ids, with the parameters of each.
using Found = std::map<std::string, std::string>;

Error several(const std::string& name, const Found& found) {
  std::vector<std::string> ids;
  for (const auto& [id, parameters] : found) ids.push_back(id);
  if (ids.size() > kMostNamed) ids.back() = "…";
  return {ErrorCode::Invalid, printable(name) + ": several experiments begin so: " + join(ids, ", ")};
}

}  // namespace

Result<ChosenExperiment> choose_experiment(const ChosenRun& chosen, const std::string& name) {
  SelectionRules rules;
  rules.filter.experiment = name;
  Found found;
  const auto note = [&](const RepetitionSummary& repetition) {
    found.emplace(repetition.experiment, repetition.parameters);
    return found.size() <= kMostNamed;
  };
  auto read = visit_started(chosen, rules, note);
  if (read && found.empty()) read = visit_never_started(chosen, rules, note);
  if (!read) return std::move(read).error();
  if (found.empty())
    return Error{ErrorCode::NotFound, chosen.run.record.directory + ": no experiment begins with '" +
                                          printable(name) + "'; studyctl get experiments lists them"};
  const auto exact = found.find(name);
  if (exact == found.end() && found.size() > 1) return several(name, found);
  const auto& [id, parameters] = exact == found.end() ? *found.begin() : *exact;
  ChosenExperiment experiment{id, parameters, {}};
  rules.filter.experiment = id;
  read = visit_started(chosen, rules, [&](const RepetitionSummary& repetition) {
    if (repetition.experiment == experiment.experiment) experiment.started.push_back(repetition);
    return true;
  });
  if (!read) return std::move(read).error();
  return experiment;
}

Result<RepetitionSummary> repetition_of(const ChosenExperiment& experiment, std::optional<uint32_t> cycle) {
  const std::vector<RepetitionSummary>& started = experiment.started;
  if (started.empty())
    return Error{ErrorCode::NotFound, experiment.experiment + ": has not been started yet"};
  if (!cycle) return started.back();
  const auto found = std::find_if(started.begin(), started.end(), [&](const RepetitionSummary& repetition) {
    return repetition.key.cycle == *cycle;
  });
  if (found != started.end()) return *found;
  return Error{ErrorCode::NotFound,
               experiment.experiment + ": has not been started in cycle " + std::to_string(*cycle)};
}

}  // namespace studyctl
