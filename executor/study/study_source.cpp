#include "study/study_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/fd.h"
#include "base/hash.h"
#include "base/linked_file.h"
#include "base/text.h"
#include "manifest/document.h"
#include "manifest/inputs.h"
#include "plan/pilot.h"
#include "plan/plan_values.h"
#include "plan/resolve.h"
#include "study/secret_sources.h"

namespace studyctl {
namespace {

constexpr size_t kMostInputBytes = 1u << 30;
constexpr size_t kMostProblems = 100;

struct Source {
  std::string text;
  std::string name;                 // for people
  std::filesystem::path directory;  // that its paths are relative to
};

Result<std::filesystem::path> manifest_in(const std::filesystem::path& directory) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".yaml" || extension == ".yml" || extension == ".json"))
      found.push_back(entry.path().filename().string());
  }
  if (error) return Error{ErrorCode::Invalid, directory.string() + ": " + error.message()};
  if (found.size() == 1) return directory / found.front();
  std::sort(found.begin(), found.end());
  const std::string what = found.empty() ? "has no manifest (*.yaml, *.yml, *.json); name a file"
                                         : "has several manifests (" + join(found, ", ") + "); name one";
  return Error{ErrorCode::Invalid, directory.string() + ": " + what};
}

// Of a file, a pipe or standard input; a byte more than a manifest may have, so that its reader says so.
Result<Source> read_source(const std::string& argument) {
  Source source{"", "standard input", std::filesystem::current_path()};
  Fd file;
  if (argument != "-") {
    std::filesystem::path path = argument;
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      auto found = manifest_in(path);
      if (!found) return std::move(found).error();
      path = *std::move(found);
    }
    file = Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return Error{ErrorCode::Invalid, errno_error(path.string()).message};
    source.name = path.string();
    source.directory = std::filesystem::absolute(path).parent_path();
  }
  char buffer[1 << 16];
  while (source.text.size() <= kMostBytes) {
    const ssize_t got = read(file ? file.get() : STDIN_FILENO, buffer, sizeof buffer);
    if (got < 0) return Error{ErrorCode::Invalid, errno_error(source.name).message};
    if (got == 0) break;
    source.text.append(buffer, static_cast<size_t>(got));
  }
  return source;
}

// "molecule=a,b" is `molecule in (a,b)`: in a pilot, that there is a parameter b is nothing to ask for. What
// has quotes or brackets is taken as it is written.
std::string pilot_selector(const std::string& text) {
  if (text.find_first_of("'\"()") != std::string::npos) return text;
  std::vector<std::vector<std::string>> groups;  // "molecule=a" and the values that follow it
  for (const std::string& part : split(text, ',')) {
    const bool is_value = part.find_first_of("=!<>~ ") == std::string::npos;
    const bool may_have_more = !groups.empty() && groups.back()[0].find('=') != std::string::npos &&
                               groups.back()[0].find_first_of("!<>~") == std::string::npos;
    if (!is_value || !may_have_more) groups.emplace_back();
    groups.back().push_back(part);
  }
  std::vector<std::string> parts;
  for (std::vector<std::string>& group : groups) {
    const std::string& first = group[0];
    if (group.size() > 1)
      parts.push_back(first.substr(0, first.find('=')) + " in (" + first.substr(first.rfind('=') + 1) + "," +
                      join(std::vector<std::string>(group.begin() + 1, group.end()), ",") + ")");
    else
      parts.push_back(first);
  }
  return join(parts, ",");
}

// --pilot: a number, or what points are chosen by.
std::string pilot_setting(const std::string& text) {
  if (text.find_first_of("0123456789-+") == 0) return "{count: " + text + "}";
  std::string quoted;
  for (const char c : pilot_selector(text)) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return "{of: '" + quoted + "'}";
}

Result<Overrides> overrides_of(const StudyArguments& arguments) {
  Overrides overrides;
  const auto add = [&](const char* flag, const char* path, const std::string& value) {
    if (!value.empty()) overrides.settings.push_back({flag, path, value});
  };
  add("--cycles", "execution.cycles", arguments.cycles);
  add("--order", "execution.order", arguments.order);
  if (!arguments.pilot.empty()) add("--pilot", "execution.pilot", pilot_setting(arguments.pilot));
  add("--parallelism", "execution.parallelism", arguments.parallelism);
  add("--run-timeout", "execution.timeouts.run", arguments.run_timeout);
  // An address is of this machine; which kind of engine answers there is seen when it does.
  if (arguments.engine.find('/') == std::string::npos) add("--engine", "execution.engine", arguments.engine);
  if (arguments.no_cooldown) overrides.settings.push_back({"--no-cooldown", "execution.cooldown", ""});
  for (const std::string& set : arguments.set) {
    const size_t equals = set.find('=');
    if (equals == std::string::npos)
      return Error{ErrorCode::Invalid, "--set " + set + ": wants execution.PATH=VALUE"};
    overrides.settings.push_back(
        {"--set " + set.substr(0, equals), set.substr(0, equals), set.substr(equals + 1)});
  }
  for (const std::string& parameter : arguments.parameters) {
    const size_t equals = parameter.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{ErrorCode::Invalid, "--param " + parameter + ": wants NAME=VALUE[,VALUE]"};
    overrides.parameters.emplace_back(parameter.substr(0, equals), parameter.substr(equals + 1));
  }
  overrides.find_config = [&](const std::string& name) {
    return keys_below(arguments.config_directories, name);
  };
  return overrides;
}

Result<void> read_inputs(LoadedStudy& study, const Overrides::ReadInput& read) {
  std::vector<std::string> problems;
  for (const auto& [path, file] : input_paths(study.study(), *study.plan)) {
    auto content = read(path);
    if (!content) {
      problems.push_back(file->place + ": spec.files." + file->path +
                         ".fromFile: " + content.error().message);
      if (problems.size() == kMostProblems) break;
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
  auto plan = Plan::make(study->study());
  if (!plan) return std::move(plan).error();
  study->plan = std::make_unique<Plan>(*std::move(plan));
  study->warnings = study->manifest.warnings;
  for (const std::string& warning : study->plan->warnings()) study->warnings.push_back(warning);
  if (const auto& pilot = study->study().execution.pilot)
    if (auto checked = check_pilot(*pilot, *study->plan); !checked) return std::move(checked).error();
  if (auto checked = check_texts(study->study(), *study->plan); !checked) return std::move(checked).error();
  return study;
}

// With the content of all files that it names.
Result<std::unique_ptr<LoadedStudy>> load(const SentManifest& sent, Overrides overrides) {
  std::map<std::string, std::string> read;
  overrides.read_input = [&](const std::string& path) {
    auto content = sent.read_input(path);
    if (content) read[path] = *content;
    return content;
  };
  auto study = with_plan(sent.is_applied ? read_applied(sent.text, sent.name, overrides)
                                         : read_manifest(sent.text, sent.name, overrides));
  if (!study) return study;
  if (const auto& csv = (*study)->study().experiments_from)
    if (const std::string* content = find_input((*study)->manifest.inputs, csv->path))
      read[csv->path] = *content;
  for (auto& [path, content] : read) {
    (*study)->inputs[path] = sha256_hex(content);
    (*study)->contents.try_emplace((*study)->inputs[path], std::move(content));
  }
  const auto read_input = with_inputs((*study)->manifest.inputs, sent.read_input);
  if (auto found = read_inputs(**study, read_input); !found) return std::move(found).error();
  if (sent.is_applied) (*study)->manifest.applied_json = sent.text;
  for (const SecretDocument& secret : sent.secrets) (*study)->manifest.secrets.push_back(secret);
  (*study)->design_hash = design_hash_of(**study);
  return study;
}

}  // namespace

Result<std::unique_ptr<LoadedStudy>> load_study(const StudyArguments& arguments) {
  auto source = read_source(arguments.file);
  if (!source) return std::move(source).error();
  auto overrides = overrides_of(arguments);
  if (!overrides) return std::move(overrides).error();
  const auto read = [&](const std::string& path) {
    return read_linked_file(source->directory / path, kMostInputBytes);
  };
  return load({source->text, source->name, false, {}, read}, *std::move(overrides));
}

Result<std::unique_ptr<LoadedStudy>> load_sent(const SentManifest& sent) {
  Overrides overrides;
  overrides.find_config = sent.find_config;
  return load(sent, std::move(overrides));
}

Overrides::ReadInput kept_in(const std::filesystem::path& directory, const Inputs& inputs) {
  return [&](const std::string& path) -> Result<std::string> {
    const auto found = inputs.find(path);
    if (found == inputs.end() || directory.empty())
      return Error{ErrorCode::NotFound, path + ": was not kept when the study was applied"};
    return read_file(directory / "inputs" / found->second, kMostInputBytes);
  };
}

Result<std::unique_ptr<LoadedStudy>> load_applied(const std::string& manifest, const Inputs& inputs,
                                                  const std::filesystem::path& directory,
                                                  Overrides overrides) {
  overrides.read_input = kept_in(directory, inputs);
  auto study = with_plan(read_applied(manifest, "study_manifest.json", overrides));
  if (!study) return study;
  if (overrides.settings.empty()) (*study)->manifest.applied_json = manifest;
  (*study)->inputs = inputs;
  (*study)->design_hash = design_hash_of(**study);
  return study;
}

}  // namespace studyctl
