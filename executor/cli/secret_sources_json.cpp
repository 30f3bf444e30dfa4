#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "cli/secret_sources.h"

namespace studyctl {
namespace {

// Values are bytes; JSON holds text. Hex keeps them as they are.
std::string to_hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<unsigned char>(byte) >> 4];
    hex += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

std::string secrets_json(const SecretSources::Documents& documents) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, data] : documents)
    for (const auto& [key, value] : data) json[name][key] = to_hex(value);
  return json.dump();
}

Result<SecretSources::Documents> secrets_from_json(const std::string& text) {
  SecretSources::Documents documents;
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    for (const auto& [name, data] : json.items())
      for (const auto& [key, value] : data.items()) documents[name][key] = from_hex(value.get<std::string>());
  } catch (const std::exception&) {
    return Error{ErrorCode::Internal,
                 "the kept secrets of this run cannot be read; apply the manifest with them again"};
  }
  return documents;
}

}  // namespace studyctl
