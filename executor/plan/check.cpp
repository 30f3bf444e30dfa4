#include "plan/check.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "plan/experiment.h"
#include "plan/resolve.h"

namespace studyctl {
namespace {

using Problems = std::vector<PlanProblem>;

constexpr std::array<std::string_view, 9> kFixedNames = {
    "run.id",        "run.cycle",     "run.index",        "run.attempt",   "run.seed",
    "experiment.id", "resources.cpu", "resources.memory", "resources.gpus"};
// What resolve() sets, but for OMP_NUM_THREADS, which anybody may set.
constexpr std::array<std::string_view, 11> kOwnVariables = {
    "STUDY_NAME", "STUDY_RUN",     "STUDY_EXPERIMENT", "STUDY_CYCLE",        "STUDY_ATTEMPT", "STUDY_SEED",
    "STUDY_CPUS", "STUDY_RESULTS", "STUDY_GPUS",       "STUDY_MEMORY_BYTES", "STUDY_RESTART"};

template <class Visit>
void for_each_text(const Container& container, const std::string& path, Visit visit) {
  visit(path + ".image", container.image);
  for (size_t i = 0; i < container.command.size(); ++i) {
    visit(path + ".command[" + std::to_string(i) + "]", container.command[i]);
  }
  for (size_t i = 0; i < container.arguments.size(); ++i) {
    visit(path + ".args[" + std::to_string(i) + "]", container.arguments[i]);
  }
  for (size_t i = 0; i < container.environment.size(); ++i) {
    visit(path + ".env[" + std::to_string(i) + "].value", container.environment[i].value);
  }
  visit(path + ".workingDir", container.working_directory);
  for (size_t i = 0; i < container.mounts.size(); ++i) {
    visit(path + ".volumeMounts[" + std::to_string(i) + "].mountPath", container.mounts[i].path);
    visit(path + ".volumeMounts[" + std::to_string(i) + "].subPath", container.mounts[i].sub_path);
  }
}

// Every text that is substituted, with its path.
template <class Visit>
void for_each_text(const Study& study, Visit visit) {
  const std::string pod = "spec.template.spec.";
  for (size_t i = 0; i < study.pod.init_containers.size(); ++i) {
    for_each_text(study.pod.init_containers[i], pod + "initContainers[" + std::to_string(i) + "]", visit);
  }
  for_each_text(study.pod.main, pod + "containers[0]", visit);
  for (const StudyFile& file : study.files) {
    visit("spec.files." + file.path, file.content);
    visit("spec.files." + file.path + ".fromFile", file.from_file);
  }
}

void check_texts(const Study& study, const std::vector<std::string>& parameters, Problems& problems) {
  std::vector<std::string> known(kFixedNames.begin(), kFixedNames.end());
  for (const std::string& name : parameters) known.push_back("params." + name);
  const std::set<std::string_view> set(known.begin(), known.end());
  for_each_text(study, [&](const std::string& path, const std::string& text) {
    const Result<std::vector<std::string>> names = names_used(text);
    if (!names) {
      problems.push_back({"", path, names.error().message});
      return;
    }
    for (const std::string& name : *names) {
      if (!set.contains(name)) problems.push_back({"", path, unknown_name(name, known).message});
    }
  });
}

std::vector<std::string> sweep_names(const Study& study) {
  std::vector<std::string> names;
  for (const Axis& axis : study.sweep) names.insert(names.end(), axis.names.begin(), axis.names.end());
  return names;
}

// Each explicit experiment has every parameter that there is: else it would run with a hole in it.
void check_experiments(const Study& study, const std::vector<std::string>& parameters, Problems& problems) {
  for (size_t i = 0; i < study.experiments.size(); ++i) {
    const ExplicitPoint& point = study.experiments[i];
    std::set<std::string_view> has;
    for (const auto& [name, value] : point.parameters) has.insert(name);
    std::vector<std::string> missing;
    for (const std::string& name : parameters) {
      if (!has.contains(name)) missing.push_back("'" + name + "'");
    }
    if (missing.empty()) continue;
    problems.push_back({point.place, "spec.experiments[" + std::to_string(i) + "]",
                        "lacks " + join(missing, ", ") + "; give it every parameter that the others have"});
  }
  // And what only explicit experiments have, no point of the sweep has.
  if (study.sweep.empty()) return;
  const std::vector<std::string> swept = sweep_names(study);
  for (size_t i = swept.size(); i < parameters.size(); ++i) {
    std::string message =
        "no axis of spec.sweep has the parameter '" + parameters[i] + "' of spec.experiments";
    if (const auto near = nearest(parameters[i], swept)) message += "; did you mean '" + *near + "'?";
    problems.push_back({"", "spec.experiments", message});
  }
}

void check_groups(const Study& study, const std::vector<std::string>& parameters, Problems& problems) {
  if (!study.execution.threshold) return;
  const std::vector<std::string>& groups = study.execution.threshold->group_by;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (std::find(parameters.begin(), parameters.end(), groups[i]) != parameters.end()) continue;
    std::string message = "no parameter is called '" + groups[i] + "'";
    if (const auto near = nearest(groups[i], parameters)) message += "; did you mean '" + *near + "'?";
    problems.push_back({"", "spec.execution.failureThreshold.groupBy[" + std::to_string(i) + "]", message});
  }
}

void check_parameter_collisions(const std::vector<std::string>& parameters, Problems& problems) {
  std::map<std::string, std::string> by_variable;
  const std::set<std::string> all(parameters.begin(), parameters.end());
  for (const std::string& name : parameters) {
    const auto [first, is_new] = by_variable.emplace(parameter_variable(name), name);
    if (!is_new) {
      problems.push_back({"", "spec.sweep",
                          "parameters '" + first->second + "' and '" + name + "' are both " + first->first +
                              " in the container; rename one"});
    }
    for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
      if (!all.contains(name.substr(0, dot))) continue;
      problems.push_back({"", "spec.sweep",
                          "parameter '" + name.substr(0, dot) + "' cannot be a value and hold '" + name +
                              "' in params.json; rename one"});
    }
  }
}

void check_variables(const Container& container, const std::string& path, Problems& problems) {
  for (size_t i = 0; i < container.environment.size(); ++i) {
    const std::string& name = container.environment[i].name;
    const bool taken = std::find(kOwnVariables.begin(), kOwnVariables.end(), name) != kOwnVariables.end();
    if (!taken && !name.starts_with("STUDY_PARAM_")) continue;
    problems.push_back({"", path + ".env[" + std::to_string(i) + "].name",
                        "'" + name + "' is set by studyctl for every attempt; choose another name"});
  }
}

void check_names(const Study& study, const std::vector<std::string>& parameters, Problems& problems) {
  check_parameter_collisions(parameters, problems);
  const std::string pod = "spec.template.spec.";
  for (size_t i = 0; i < study.pod.init_containers.size(); ++i) {
    check_variables(study.pod.init_containers[i], pod + "initContainers[" + std::to_string(i) + "]",
                    problems);
  }
  check_variables(study.pod.main, pod + "containers[0]", problems);
  for (const StudyFile& file : study.files) {
    if (file.path != "params.json") continue;
    problems.push_back(
        {"", "spec.files." + file.path, "params.json holds the parameters; choose another name"});
  }
}

}  // namespace

std::string PlanProblem::text() const {
  return (place.empty() ? "" : place + ": ") + path + ": " + printable(message);
}

std::vector<PlanProblem> check_plan(const Study& study) {
  const std::vector<std::string> parameters = parameter_names(study);
  Problems problems;
  check_experiments(study, parameters, problems);
  check_texts(study, parameters, problems);
  check_names(study, parameters, problems);
  check_groups(study, parameters, problems);
  return problems;
}

Result<void> check_environment_names(const Study& study) {
  Problems problems;
  check_names(study, parameter_names(study), problems);
  if (problems.empty()) return {};
  return Error{ErrorCode::Invalid, problems.front().text()};
}

Result<std::vector<std::string>> input_paths(const Study& study, const Plan& plan) {
  std::set<std::string> paths;
  for (const StudyFile& file : study.files) {
    if (file.from_file.empty()) continue;
    const Result<std::vector<std::string>> names = names_used(file.from_file);
    if (!names) return Error(names.error()).within("spec.files." + file.path + ".fromFile");
    // Of a path without parameters one point tells all.
    const uint64_t points = names->empty() ? 1 : plan.size();
    for (uint64_t index = 0; index < points; ++index) {
      Point point;
      for (const std::string& name : *names) {
        if (name.starts_with("params."))
          point.parameters.emplace_back(name.substr(7), plan.value(index, name.substr(7)));
      }
      SubstitutionScope scope;
      scope.point = &point;
      Result<std::string> path = substitute(file.from_file, scope);
      if (!path) return std::move(path).error().within("spec.files." + file.path + ".fromFile");
      paths.insert(*std::move(path));
    }
  }
  return std::vector<std::string>(paths.begin(), paths.end());
}

std::vector<std::string> parameter_names(const Study& study) {
  std::vector<std::string> names = sweep_names(study);
  std::set<std::string> seen(names.begin(), names.end());
  for (const ExplicitPoint& point : study.experiments) {
    for (const auto& [name, value] : point.parameters) {
      if (seen.insert(name).second) names.push_back(name);
    }
  }
  return names;
}

}  // namespace studyctl
