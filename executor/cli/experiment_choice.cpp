#include "cli/experiment_choice.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/selection.h"

namespace studyctl {
namespace {

constexpr size_t kMostNamed = 10;

Error several(const std::string& name, const std::set<std::string>& ids) {
  const std::vector<std::string> some(ids.begin(), ids.end());
  const bool more = some.size() > kMostNamed;
  const std::vector<std::string> named(some.begin(), more ? some.begin() + kMostNamed : some.end());
  return {ErrorCode::Invalid,
          printable(name) + ": several experiments begin so: " + join(named, ", ") + (more ? ", …" : "")};
}

// Ids and what is known of them, until it is plain that they are several.
class Matches {
 public:
  explicit Matches(const std::string& name) : name_(name) {}

  bool add(const std::string& id, const std::string& parameters) {
    if (ids_.insert(id).second && (ids_.size() == 1 || id == name_)) parameters_ = parameters;
    return ids_.size() <= kMostNamed;
  }
  bool empty() const { return ids_.empty(); }
  Result<ChosenExperiment> only() const {
    if (ids_.contains(name_)) return ChosenExperiment{name_, parameters_, {}};
    if (ids_.size() > 1) return several(name_, ids_);
    return ChosenExperiment{*ids_.begin(), parameters_, {}};
  }

 private:
  const std::string& name_;
  std::set<std::string> ids_;
  std::string parameters_;
};

Result<void> find_in_plan(const ChosenRun& chosen, const std::string& name, Matches& matches) {
  SelectionRules rules;
  rules.filter.experiment = name;
  return visit_never_started(chosen, rules, [&](const RepetitionSummary& planned) {
    return matches.add(planned.experiment, planned.parameters);
  });
}

}  // namespace

Result<ChosenExperiment> choose_experiment(const ChosenRun& chosen, const std::string& name) {
  Matches matches(name);
  RepetitionFilter filter;
  filter.experiment = name;
  const std::string& run = chosen.run.record.id;
  auto read = chosen.catalog.repetitions(run, filter, [&](const RepetitionSummary& repetition) {
    return matches.add(repetition.experiment, repetition.parameters);
  });
  if (read && matches.empty()) read = find_in_plan(chosen, name, matches);
  if (!read) return std::move(read).error();
  if (matches.empty())
    return Error{ErrorCode::NotFound, chosen.run.record.directory + ": no experiment begins with '" +
                                          printable(name) + "'; studyctl get experiments lists them"};
  auto experiment = matches.only();
  if (!experiment) return experiment;
  filter.experiment = experiment->experiment;
  read = chosen.catalog.repetitions(run, filter, [&](const RepetitionSummary& repetition) {
    if (repetition.experiment == experiment->experiment) experiment->started.push_back(repetition);
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
