#include "manifest/inputs.h"

#include <filesystem>

#include "base/text.h"

namespace studyctl {
namespace {

// A cluster takes an object of 1 MiB; what is no text grows by a third on its way there.
constexpr int64_t kMostOfAFile = 700 << 10;

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

std::string coded(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'_', kDigits[byte >> 4], kDigits[byte & 15]};
}

}  // namespace

std::string input_key(std::string_view path) {
  const std::string normal = std::filesystem::path(path).lexically_normal().string();
  std::string key;
  for (const char c : normal) key += is_key_character(c) ? std::string(1, c) : coded(c);
  return key.starts_with("..") ? coded('.') + key.substr(1) : key;
}

const std::string* find_input(const std::vector<ConfigMapDocument>& inputs, std::string_view path) {
  const std::string key = input_key(path);
  for (const ConfigMapDocument& one : inputs)
    if (const auto found = one.data.find(key); found != one.data.end()) return &found->second;
  return nullptr;
}

Overrides::ReadInput with_inputs(const std::vector<ConfigMapDocument>& inputs,
                                 Overrides::ReadInput otherwise) {
  return [&inputs, otherwise = std::move(otherwise)](const std::string& path) -> Result<std::string> {
    if (const std::string* content = find_input(inputs, path)) return *content;
    if (otherwise) return otherwise(path);
    return Error{ErrorCode::NotFound, path + ": files cannot be read here"};
  };
}

Result<std::vector<ConfigMapDocument>> pack_inputs(const std::string& name,
                                                   const std::map<std::string, std::string>& files) {
  std::vector<ConfigMapDocument> packed;
  std::map<std::string, std::string> paths;  // by key
  int64_t size = 0;
  for (const auto& [path, content] : files) {
    const auto [taken, is_new] = paths.emplace(input_key(path), path);
    if (!is_new)
      return Error{ErrorCode::Invalid,
                   path + " and " + taken->second + " have one key in a ConfigMap: rename one"};
    const auto bytes = static_cast<int64_t>(content.size());
    if (bytes > kMostOfAFile)
      return Error{ErrorCode::Invalid,
                   path + ": has " + human_bytes(bytes) + ", and a ConfigMap takes " +
                       human_bytes(kMostOfAFile) +
                       ": hand the study over by `studyctl apply --server`, which sends files along"};
    if (packed.empty() || size + bytes > kMostOfAFile) {
      const std::string number = packed.empty() ? "" : "-" + std::to_string(packed.size() + 1);
      packed.push_back({name + "-inputs" + number, {}});
      size = 0;
    }
    packed.back().data[taken->first] = content;
    size += bytes;
  }
  return packed;
}

}  // namespace studyctl
