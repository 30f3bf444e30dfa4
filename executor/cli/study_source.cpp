#include "cli/study_source.h"

#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/fd.h"
#include "base/hash.h"
#include "base/text.h"
#include "plan/check.h"

namespace studyctl {
namespace {

constexpr size_t kMostManifestBytes = 4 << 20;
constexpr size_t kMostInputBytes = 1u << 30;

struct Source {
  std::string text;
  std::string name;                 // for people
  std::filesystem::path directory;  // that its paths are relative to
};

Result<Source> read_standard_input() {
  Source source{"", "standard input", std::filesystem::current_path()};
  char buffer[1 << 16];
  for (ssize_t got = 0; (got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0;) {
    source.text.append(buffer, static_cast<size_t>(got));
    if (source.text.size() > kMostManifestBytes) break;  // the reader says that it is too long
  }
  return source;
}

Result<std::filesystem::path> manifest_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".yaml" || extension == ".yml" || extension == ".json"))
      found.push_back(entry.path());
  }
  if (found.size() == 1) return found.front();
  return Error{ErrorCode::Invalid, directory.string() + ": has " + std::to_string(found.size()) +
                                       " manifests (*.yaml, *.yml, *.json): name the one"};
}

Result<Source> read_source(const std::string& argument) {
  if (argument == "-") return read_standard_input();
  std::filesystem::path path = argument;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    auto found = manifest_in(path);
    if (!found) return std::move(found).error();
    path = *std::move(found);
  }
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) return Error{ErrorCode::Invalid, argument + ": " + error.message()};
  auto text = read_file(real, kMostManifestBytes + 1);
  if (!text) return Error{ErrorCode::Invalid, text.error().message};
  return Source{*std::move(text), path.string(), std::filesystem::absolute(path).parent_path()};
}

Result<Overrides> overrides_of(const StudyArguments& arguments) {
  Overrides overrides;
  const auto add = [&](const char* flag, const char* path, const std::string& value) {
    if (!value.empty()) overrides.settings.push_back({flag, path, value});
  };
  add("--cycles", "execution.cycles", arguments.cycles);
  add("--order", "execution.order", arguments.order);
  add("--parallelism", "execution.parallelism", arguments.parallelism);
  add("--run-timeout", "execution.timeouts.run", arguments.run_timeout);
  if (arguments.no_cooldown) overrides.settings.push_back({"--no-cooldown", "execution.cooldown", ""});
  for (const std::string& set : arguments.set) {
    const size_t equals = set.find('=');
    if (equals == std::string::npos || !set.starts_with("execution."))
      return Error{ErrorCode::Invalid, "--set " + set + ": wants execution.PATH=VALUE"};
    overrides.settings.push_back(
        {"--set " + set.substr(0, equals), set.substr(0, equals), set.substr(equals + 1)});
  }
  for (const std::string& parameter : arguments.parameters) {
    const size_t equals = parameter.find('=');
    if (equals == std::string::npos)
      return Error{ErrorCode::Invalid, "--param " + parameter + ": wants NAME=VALUE[,VALUE]"};
    overrides.parameters.emplace_back(parameter.substr(0, equals), parameter.substr(equals + 1));
  }
  return overrides;
}

Result<void> read_inputs(LoadedStudy& study, const std::filesystem::path& directory) {
  auto paths = input_paths(study.study(), *study.plan);
  if (!paths) return std::move(paths).error();
  std::vector<std::string> problems;
  for (const std::string& path : *paths) {
    std::error_code error;
    const auto real = std::filesystem::canonical(directory / path, error);
    auto content = error ? Result<std::string>(Error{ErrorCode::NotFound,
                                                     (directory / path).string() + ": " + error.message()})
                         : read_file(real, kMostInputBytes);
    if (!content) {
      problems.push_back("spec.files: fromFile: " + content.error().message);
      continue;
    }
    const std::string hash = sha256_hex(*content);
    study.inputs[path] = hash;
    study.contents.try_emplace(hash, *std::move(content));
  }
  if (problems.empty()) return {};
  return Error{ErrorCode::Invalid, join(problems, "\n")};
}

std::string design_hash_of(const LoadedStudy& study) {
  Sha256 hash;
  hash.update(design_json(study.manifest));
  for (const auto& [path, content] : study.inputs) hash.update("\n" + path + "\n" + content);
  return hash.hex();
}

Result<std::unique_ptr<LoadedStudy>> with_plan(Result<Manifest> manifest) {
  if (!manifest) return std::move(manifest).error();
  auto study = std::make_unique<LoadedStudy>();
  study->manifest = *std::move(manifest);
  std::vector<std::string> problems;
  for (const PlanProblem& problem : check_plan(study->study())) problems.push_back(problem.text());
  if (!problems.empty()) return Error{ErrorCode::Invalid, join(problems, "\n")};
  auto plan = Plan::make(study->study());
  if (!plan) return std::move(plan).error().within(study->manifest.file);
  study->plan = std::make_unique<Plan>(*std::move(plan));
  study->warnings = study->manifest.warnings;
  for (const std::string& warning : study->plan->warnings()) study->warnings.push_back(warning);
  return study;
}

}  // namespace

Result<std::unique_ptr<LoadedStudy>> load_study(const StudyArguments& arguments) {
  auto source = read_source(arguments.file);
  if (!source) return std::move(source).error();
  auto overrides = overrides_of(arguments);
  if (!overrides) return std::move(overrides).error();
  auto study = with_plan(read_manifest(source->text, source->name, *overrides));
  if (!study) return study;
  if (auto read = read_inputs(**study, source->directory); !read) return std::move(read).error();
  (*study)->design_hash = design_hash_of(**study);
  return study;
}

Result<std::unique_ptr<LoadedStudy>> load_applied(const std::string& manifest, const Inputs& inputs) {
  auto study = with_plan(read_applied(manifest, "study_manifest.json"));
  if (!study) return study;
  (*study)->inputs = inputs;
  (*study)->design_hash = design_hash_of(**study);
  return study;
}

}  // namespace studyctl
