#include "cli/secret_sources.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {
namespace {

std::string variable_name(const SecretReference& reference) {
  std::string name = "STUDYCTL_SECRET_" + reference.name + "_" + reference.key;
  for (char& c : name)
    c = std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::toupper(c)) : '_';
  return name;
}

std::optional<std::map<std::string, std::string>> read_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) return std::nullopt;
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    // Kubernetes and Docker mount secrets behind links, which read_file() would not follow.
    const auto file = std::filesystem::canonical(entry.path(), error);
    if (auto content = read_file(file, 1 << 20))
      files[entry.path().filename().string()] = *std::move(content);
  }
  return files;
}

}  // namespace

SecretSources::SecretSources(const Manifest& manifest, std::vector<std::string> secret_directories,
                             std::vector<std::string> config_directories)
    : secret_directories_(std::move(secret_directories)), config_directories_(std::move(config_directories)) {
  for (const SecretDocument& document : manifest.secrets) secrets_[document.name] = document.data;
  for (const ConfigMapDocument& document : manifest.configs) configs_[document.name] = document.data;
}

Result<std::string> SecretSources::value(const SecretReference& reference) const {
  if (auto document = secrets_.find(reference.name); document != secrets_.end())
    if (auto key = document->second.find(reference.key); key != document->second.end()) return key->second;
  for (const std::string& directory : secret_directories_)
    if (auto content = read_file(std::filesystem::path(directory) / reference.name / reference.key, 1 << 20))
      return content;
  const std::string variable = variable_name(reference);
  if (const char* value = std::getenv(variable.c_str())) return std::string(value);
  return Error{ErrorCode::NotFound, "secret " + reference.name + " has no key " + reference.key +
                                        ": give it in a Secret document, below --secret-dir, or as " +
                                        variable};
}

Result<std::map<std::string, std::string>> SecretSources::files(const ProjectedVolume& volume) const {
  const Documents& documents = volume.is_secret ? secrets_ : configs_;
  if (auto document = documents.find(volume.name); document != documents.end()) return document->second;
  for (const std::string& directory : volume.is_secret ? secret_directories_ : config_directories_)
    if (auto files = read_directory(std::filesystem::path(directory) / volume.name)) return *std::move(files);
  const std::string kind = volume.is_secret ? "Secret" : "ConfigMap";
  return Error{ErrorCode::NotFound, "there is no " + kind + " '" + volume.name +
                                        "': give it as a further document, or below " +
                                        (volume.is_secret ? "--secret-dir" : "--config-dir")};
}

Result<void> SecretSources::keep(const ResultsVolume& volume, const std::string& run_id) {
  if (auto kept = volume.secrets(run_id)) {
    auto documents = secrets_from_json(*kept);
    if (!documents) return std::move(documents).error();
    for (auto& [name, data] : *documents) secrets_.try_emplace(name, std::move(data));
  }
  if (secrets_.empty()) return {};
  return volume.keep_secrets(run_id, secrets_json(secrets_));
}

}  // namespace studyctl
