#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "plan/plan.h"

namespace studyctl {

struct PlanProblem {
  std::string place;    // "study.yaml:12:7" where it is known
  std::string path;     // "spec.template.spec.containers[0].command[2]"
  std::string message;  // what, and what instead

  // "study.yaml:12:7: spec.experiments[0]: …"
  std::string text() const;
};

// What is wrong with a study as a whole, so that it would fail once it runs: substitutions that stand for
// nothing, explicit experiments without a parameter, groups by what is no parameter, names that collide in
// the container. Cheap: names are looked at once, not for each point.
std::vector<PlanProblem> check_plan(const Study& study);

// Invalid: two parameters that become one variable or one key of params.json, or a variable of a container
// that the attempt's own environment has. Part of check_plan.
Result<void> check_environment_names(const Study& study);

// The paths of all files that the plan's experiments come with, each once, sorted: what Inputs needs. Goes
// through all points when a path has parameters in it. Invalid: a path that nothing can be put into yet
// (${run.…}).
Result<std::vector<std::string>> input_paths(const Study& study, const Plan& plan);

// The names of all parameters: of the sweep in written order, then those that only explicit experiments have.
std::vector<std::string> parameter_names(const Study& study);

}  // namespace studyctl
