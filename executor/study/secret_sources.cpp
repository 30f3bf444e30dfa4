#include "study/secret_sources.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/linked_file.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kMostBytes = 1 << 20;

std::string variable_name(const SecretReference& reference) {
  std::string name = "STUDYCTL_SECRET_" + reference.name + "_" + reference.key;
  for (char& c : name)
    c = std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::toupper(c)) : '_';
  return name;
}

}  // namespace

Result<std::map<std::string, std::string>> keys_below(const std::vector<std::string>& directories,
                                                      const std::string& name) {
  for (const std::filesystem::path directory : directories) {
    std::error_code error;
    if (!std::filesystem::is_directory(directory / name, error)) continue;
    std::map<std::string, std::string> keys;
    size_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory / name, error)) {
      // Kubernetes and Docker mount keys behind links, which read_file() would not follow.
      std::error_code gone;
      const auto file = std::filesystem::canonical(entry.path(), gone);
      if (gone || !std::filesystem::is_regular_file(file, gone)) continue;
      auto content = read_file(file, kMostBytes);
      if (!content) return Error{ErrorCode::Invalid, content.error().message};
      if ((bytes += content->size()) > kMostBytes)
        return Error{ErrorCode::Invalid, (directory / name).string() +
                                             ": holds more than 1 MiB, the most that "
                                             "Kubernetes takes"};
      keys[entry.path().filename().string()] = *std::move(content);
    }
    if (!error) return keys;
    return Error{ErrorCode::Invalid, (directory / name).string() + ": " + error.message()};
  }
  return Error{ErrorCode::NotFound, "there is no directory '" + name + "'"};
}

SecretSources::SecretSources(const Manifest& manifest, std::vector<std::string> directories)
    : directories_(std::move(directories)) {
  for (const SecretDocument& document : manifest.secrets) secrets_[document.name] = document.data;
}

Result<std::string> SecretSources::value(const SecretReference& reference) const {
  if (auto document = secrets_.find(reference.name); document != secrets_.end())
    if (auto key = document->second.find(reference.key); key != document->second.end()) return key->second;
  for (const std::string& directory : directories_)
    if (auto content =
            read_linked_file(std::filesystem::path(directory) / reference.name / reference.key, kMostBytes))
      return content;
  const std::string variable = variable_name(reference);
  if (const char* value = std::getenv(variable.c_str())) return std::string(value);
  return Error{ErrorCode::NotFound, "secret " + reference.name + " has no key " + reference.key +
                                        ": give it in a Secret document, below --secret-dir, or as " +
                                        variable};
}

Result<std::map<std::string, std::string>> SecretSources::files(const ProjectedVolume& volume) const {
  if (!volume.is_secret) return volume.data;
  if (auto document = secrets_.find(volume.name); document != secrets_.end()) return document->second;
  auto keys = keys_below(directories_, volume.name);
  if (keys || keys.error().code != ErrorCode::NotFound) return keys;
  return Error{ErrorCode::NotFound, "there is no Secret '" + volume.name +
                                        "': give it as a further document, or below --secret-dir"};
}

Result<SecretSources> SecretSources::of_run(const ResultsVolume& volume, const std::string& run_id,
                                            std::vector<std::string> directories) {
  SecretSources sources(Manifest{}, std::move(directories));
  if (auto kept = volume.secrets(run_id)) {
    auto documents = secrets_from_json(*kept);
    if (!documents) return std::move(documents).error();
    sources.secrets_ = *std::move(documents);
  }
  return sources;
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
