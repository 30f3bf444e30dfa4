#include "plan/resolve.h"

#include <algorithm>
#include <map>
#include <memory>

#include "plan/experiment.h"
#include "plan/json_text.h"
#include "plan/variant.h"

namespace studyctl {
namespace {

constexpr size_t kLongestVariable = 4096;

// The limits of main, or what the machine has; absent when neither is known.
struct Given {
  std::optional<int64_t> cores;
  std::optional<int64_t> memory_bytes;
  int gpus = 0;
};

Given given_to(const Resources& resources, const AttemptNames& names) {
  Given given;
  const int64_t millicpu = resources.millicpu.value_or(names.machine_millicpu);
  const int64_t memory_bytes = resources.memory_bytes.value_or(names.machine_memory_bytes);
  if (millicpu > 0) given.cores = whole_cores(millicpu);
  if (memory_bytes > 0) given.memory_bytes = memory_bytes;
  given.gpus = count_of_gpus(resources);
  return given;
}

SubstitutionScope scope_of(const Point& point, const AttemptNames& names, const Given& given) {
  SubstitutionScope scope;
  scope.point = &point;
  scope.run = {{"id", names.run},
               {"cycle", std::to_string(names.cycle)},
               {"index", std::to_string(names.index)},
               {"attempt", std::to_string(names.attempt)},
               {"seed", std::to_string(names.seed)}};
  scope.experiment = {{"id", names.experiment}};
  if (point.source_row > 0) scope.source = {{"row", std::to_string(point.source_row)}};
  scope.resources = {{"gpus", std::to_string(given.gpus)}};
  if (given.cores) scope.resources["cpu"] = std::to_string(*given.cores);
  if (given.memory_bytes) scope.resources["memory"] = std::to_string(*given.memory_bytes);
  return scope;
}

using Variables = std::vector<std::pair<std::string, std::string>>;

Variables environment_of(const Study& study, const Point& point, const AttemptNames& names,
                         const Given& given) {
  Variables variables;
  for (const auto& [name, value] : point.parameters) {
    if (value.text.size() > kLongestVariable || value.text.find_first_of("\r\n") != std::string::npos)
      continue;
    variables.emplace_back(parameter_variable(name), value.text);
  }
  variables.insert(variables.end(), {{"STUDY_NAME", names.study},
                                     {"STUDY_RUN", names.run},
                                     {"STUDY_EXPERIMENT", names.experiment},
                                     {"STUDY_CYCLE", std::to_string(names.cycle)},
                                     {"STUDY_ATTEMPT", std::to_string(names.attempt)},
                                     {"STUDY_SEED", std::to_string(names.seed)},
                                     {"STUDY_RESULTS", study.results.path},
                                     {"STUDY_GPUS", std::to_string(given.gpus)}});
  if (given.memory_bytes) variables.emplace_back("STUDY_MEMORY_BYTES", std::to_string(*given.memory_bytes));
  if (given.cores) {
    variables.emplace_back("STUDY_CPUS", std::to_string(*given.cores));
    variables.emplace_back("OMP_NUM_THREADS", std::to_string(*given.cores));
  }
  return variables;
}

// Puts values into the texts of a pod, and keeps the first error with the field that has it.
class Filler {
 public:
  explicit Filler(const SubstitutionScope& scope) : scope_(scope) {}

  void fill(std::string& text, const std::string& field) {
    if (error_ || text.find('$') == std::string::npos) return;
    Result<std::string> filled = substitute(text, scope_);
    if (filled) {
      text = *std::move(filled);
    } else {
      error_ = std::move(filled).error().within(field);
    }
  }

  // `given`: the variables that every container has. Those of its own see the ones before them.
  void fill(Container& container, const std::string& path, const Variables& given) {
    std::map<std::string, std::string> variables(given.begin(), given.end());
    scope_.variables = &variables;
    for (size_t i = 0; i < container.environment.size(); ++i) {
      EnvironmentVariable& variable = container.environment[i];
      fill(variable.value, path + ".env[" + std::to_string(i) + "].value");
      if (variable.secret) {
        variables.erase(variable.name);
      } else {
        variables[variable.name] = variable.value;
      }
    }
    fill(container.command, path + ".command");
    fill(container.arguments, path + ".args");
    scope_.variables = nullptr;
    fill(container.image, path + ".image");
    fill(container.working_directory, path + ".workingDir");
    for (size_t i = 0; i < container.mounts.size(); ++i) {
      const std::string mount = path + ".volumeMounts[" + std::to_string(i) + "]";
      fill(container.mounts[i].path, mount + ".mountPath");
      fill(container.mounts[i].sub_path, mount + ".subPath");
    }
  }

  void fill(ResolvedFile& file) {
    fill(file.content, "spec.files." + file.path);
    fill(file.from_file, "spec.files." + file.path + ".fromFile");
  }

  std::optional<Error>& error() { return error_; }

 private:
  void fill(std::vector<std::string>& texts, const std::string& path) {
    for (size_t i = 0; i < texts.size(); ++i) fill(texts[i], path + "[" + std::to_string(i) + "]");
  }

  SubstitutionScope scope_;
  std::optional<Error> error_;
};

// A JSON object that grows by dotted names.
struct Nested {
  std::map<std::string, Nested, std::less<>> children;
  std::string json;  // of a leaf

  void add(std::string_view name, const Value& value) {
    const size_t dot = name.find('.');
    Nested& child = children[std::string(name.substr(0, dot))];
    if (dot == std::string_view::npos) {
      child.json = json_value(value);
    } else {
      child.add(name.substr(dot + 1), value);
    }
  }

  std::string text() const {
    if (!json.empty()) return json;
    std::string result;
    for (const auto& [name, child] : children) {
      result += (result.empty() ? "{" : ",") + json_string(name) + ":" + child.text();
    }
    return (result.empty() ? "{" : result) + "}";
  }
};

}  // namespace

Result<ResolvedPod> resolve(const Study& study, const PodTemplate& of, const Point& point,
                            const AttemptNames& names) {
  Container main = of.main;
  if (std::optional<int64_t>& limit = main.resources.memory_bytes)
    limit = std::max(*limit, names.memory_bytes);
  const Given given = given_to(main.resources, names);
  const SubstitutionScope scope = scope_of(point, names, given);
  ResolvedPod pod{of.init_containers,
                  std::move(main),
                  environment_of(study, point, names, given),
                  {},
                  params_json(point)};
  Filler filler(scope);
  for (size_t i = 0, beside = 0; i < pod.init.size(); ++i) {
    const bool is_beside = pod.init[i].sidecar == Sidecar::WithMain;
    const std::string path =
        is_beside ? "containers[" + std::to_string(++beside) : "initContainers[" + std::to_string(i);
    filler.fill(pod.init[i], "spec.template.spec." + path + "]", pod.environment);
  }
  filler.fill(pod.main, "spec.template.spec.containers[0]", pod.environment);
  for (const StudyFile& file : study.files) {
    filler.fill(pod.files.emplace_back(ResolvedFile{file.path, file.content, file.from_file}));
  }
  if (filler.error()) return *std::move(filler.error());
  return pod;
}

namespace {

// Whether a text needs a parameter that not every point has.
bool needs_scoped(const Study& study, const Plan& plan) {
  std::string texts = executed_json(study, study.pod);
  for (size_t i = 0; i < study.overrides.size(); ++i)
    texts += executed_json(study, variant_of(study, {i}).pod);
  for (const StudyFile& file : study.files) texts += file.from_file;
  for (const Axis* axis : plan.axes())
    for (const std::string& name : axis->names)
      if (axis->scope && texts.find("${params." + name + "}") != std::string::npos) return true;
  return false;
}

Result<void> check_point(const Study& study, const Point& point, const Variant& variant) {
  AttemptNames names;
  names.machine_millicpu = names.machine_memory_bytes = 1;
  auto resolved = resolve(study, variant.pod, point, names);
  if (resolved) return {};
  return std::move(resolved).error().within("experiment " + slug_of(point));
}

}  // namespace

Result<void> check_texts(const Study& study, const Plan& plan) {
  Result<void> checked;
  const auto check = [&](const Point& point, const Variant& variant) {
    if (checked) checked = check_point(study, point, variant);
  };
  if (needs_scoped(study, plan)) {
    visit_shapes(study, plan, check);
    return checked;
  }
  for (const uint64_t index : {uint64_t{0}, plan.size() - 1}) {
    const Point point = plan.at(index);
    check(point, variant_of(study, point));
  }
  return checked;
}

std::string parameter_variable(std::string_view name) {
  std::string variable = "STUDY_PARAM_";
  for (const char c : name) {
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    variable += is_lower ? static_cast<char>(c - 'a' + 'A') : is_kept ? c : '_';
  }
  return variable;
}

std::string params_json(const Point& point) {
  Nested root;
  for (const auto& [name, value] : point.parameters) root.add(name, value);
  return root.text() + "\n";
}

int64_t whole_cores(int64_t millicpu) {
  return (millicpu + 999) / 1000;
}

int count_of_gpus(const Resources& resources) {
  int count = 0;
  for (const DeviceRequest& device : resources.devices) {
    if (!device.kind.starts_with('/')) count += device.count;
  }
  return count;
}

}  // namespace studyctl
