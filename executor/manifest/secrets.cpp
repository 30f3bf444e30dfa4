#include "manifest/secrets.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/fd.h"
#include "manifest/config_reader.h"
#include "manifest/document.h"
#include "manifest/written.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

// Kubernetes' own bound on a Secret.
constexpr size_t kMostSecretBytes = 1u << 20;

template <class Document>
const Document* named(const std::vector<Document>& documents, const std::string& name) {
  const auto found =
      std::find_if(documents.begin(), documents.end(), [&](const Document& d) { return d.name == name; });
  return found == documents.end() ? nullptr : &*found;
}

const std::string* key_of(const std::map<std::string, std::string>& data, const std::string& key) {
  const auto found = data.find(key);
  return found == data.end() ? nullptr : &found->second;
}

// Names and keys that come here were checked: they have no / and are not "..".
std::optional<Result<std::string>> from_directory(const fs::path& directory, const std::string& name,
                                                  const std::string& key) {
  if (directory.empty()) return std::nullopt;
  auto content = read_file(directory / name / key, kMostSecretBytes);
  if (!content && content.error().code == ErrorCode::NotFound) return std::nullopt;
  return content;
}

Result<std::map<std::string, std::string>> all_in_directory(const fs::path& directory) {
  std::map<std::string, std::string> data;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string key = entry.path().filename();
    if (key.starts_with('.') || !entry.is_regular_file(error)) continue;
    auto content = read_file(entry.path(), kMostSecretBytes);
    if (!content) return std::move(content).error();
    data.emplace(key, *std::move(content));
  }
  return data;
}

}  // namespace

std::string secret_variable(const SecretReference& reference) {
  std::string variable = "STUDYCTL_SECRET_";
  for (const char c : reference.name + "_" + reference.key) {
    variable += std::isalnum(static_cast<unsigned char>(c))
                    ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
                    : '_';
  }
  return variable;
}

Result<std::string> SecretLookup::value(const SecretReference& reference) const {
  if (const SecretDocument* document = named(*secrets_, reference.name)) {
    if (const std::string* value = key_of(document->data, reference.key)) return *value;
  }
  if (auto value = from_directory(places_.secrets, reference.name, reference.key)) return std::move(*value);
  const std::string variable = secret_variable(reference);
  if (const char* value = std::getenv(variable.c_str())) return std::string(value);
  return Error{ErrorCode::NotFound, "secret " + reference.name + " has no key " + reference.key +
                                        ": add a Secret document to the manifest, a file " + reference.name +
                                        "/" + reference.key + " below --secret-dir, or set " + variable};
}

Result<std::string> SecretLookup::value(const ConfigReference& reference) const {
  if (const ConfigMapDocument* document = named(*configs_, reference.name)) {
    if (const std::string* value = key_of(document->data, reference.key)) return *value;
  }
  if (auto value = from_directory(places_.configs, reference.name, reference.key)) return std::move(*value);
  return Error{ErrorCode::NotFound, "config map " + reference.name + " has no key " + reference.key +
                                        ": add a ConfigMap document to the manifest, or a file " +
                                        reference.name + "/" + reference.key + " below --config-dir"};
}

Result<std::map<std::string, std::string>> SecretLookup::all(const ProjectedVolume& volume) const {
  const fs::path& directory = volume.is_secret ? places_.secrets : places_.configs;
  if (const auto* document = volume.is_secret ? named(*secrets_, volume.name) : nullptr)
    return document->data;
  if (const auto* document = volume.is_secret ? nullptr : named(*configs_, volume.name))
    return document->data;
  std::error_code error;
  if (!directory.empty() && fs::is_directory(directory / volume.name, error))
    return all_in_directory(directory / volume.name);
  return Error{ErrorCode::NotFound, std::string(volume.is_secret ? "secret " : "config map ") + volume.name +
                                        " is not known: add a " +
                                        (volume.is_secret ? "Secret" : "ConfigMap") +
                                        " document to the manifest, or a directory " + volume.name +
                                        " below " + (volume.is_secret ? "--secret-dir" : "--config-dir")};
}

Result<std::map<std::string, std::string>> SecretLookup::files(const ProjectedVolume& volume) const {
  if (volume.items.empty()) return all(volume);
  std::map<std::string, std::string> files;
  for (const auto& [key, path] : volume.items) {
    auto content = volume.is_secret ? value(SecretReference{volume.name, key})
                                    : value(ConfigReference{volume.name, key});
    if (!content) return std::move(content).error();
    files[path] = *std::move(content);
  }
  return files;
}

std::string to_text(const std::vector<SecretDocument>& secrets) {
  std::string text;
  for (const SecretDocument& secret : secrets) {
    Written::Map data;
    for (const auto& [key, value] : secret.data) data.emplace_back(key, Written::text(to_base64(value)));
    text += "---\n" +
            json_of({Written::Map{{"apiVersion", Written::text("v1")},
                                  {"kind", Written::text("Secret")},
                                  {"metadata", Written{Written::Map{{"name", Written::text(secret.name)}}}},
                                  {"data", Written{std::move(data)}}}},
                    Keys::AsWritten) +
            "\n";
  }
  return text;
}

Result<std::vector<SecretDocument>> read_secrets(std::string_view text) {
  Source source("secrets", text);
  Problems problems(source);
  const Documents documents = read_documents(text, problems);
  std::vector<SecretDocument> secrets;
  for (const Node* document : documents.roots) secrets.push_back(read_secret(problems, *document));
  if (problems.any()) return problems.error();
  return secrets;
}

}  // namespace studyctl
