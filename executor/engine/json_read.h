#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

// Looks into JSON that somebody else wrote, without exceptions: what is absent or of another type is empty.
namespace studyctl {

inline const nlohmann::json& json_child(const nlohmann::json& object, const char* key) {
  static const nlohmann::json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

inline std::string json_string(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = json_child(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

inline int64_t json_int(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = json_child(object, key);
  return value.is_number() ? value.get<int64_t>() : 0;
}

inline bool json_bool(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = json_child(object, key);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace studyctl
