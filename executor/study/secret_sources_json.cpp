#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "study/secret_sources.h"

namespace studyctl {

// Values are bytes; JSON holds text.
std::string secrets_json(const SecretSources::Documents& documents) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, data] : documents)
    for (const auto& [key, value] : data) json[name][key] = to_base64(value);
  return json.dump();
}

Result<SecretSources::Documents> secrets_from_json(const std::string& text) {
  SecretSources::Documents documents;
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    for (const auto& [name, data] : json.items())
      for (const auto& [key, value] : data.items())
        documents[name][key] = from_base64(value.get<std::string>()).value();
  } catch (const std::exception&) {
    return Error{ErrorCode::Internal,
                 "the kept secrets of this run cannot be read; apply the manifest with them again"};
  }
  return documents;
}

}  // namespace studyctl
