#include <nlohmann/json.hpp>

#include "base/text.h"
#include "study/changes.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

std::string shown(const Json& value) {
  if (value.is_null()) return "none";
  return printable(value.is_string() ? value.get<std::string>() : value.dump());
}

void compare_values(const std::string& path, const Json& before, const Json& after,
                    std::vector<std::string>& lines) {
  if (before == after) return;
  if (path.starts_with("notifications.") && (before.is_object() || after.is_object()) &&
      (before.is_null() || after.is_null())) {
    lines.push_back(path + (before.is_null() ? ": new" : ": dropped"));
    return;
  }
  if (!(before.is_object() || before.is_null()) || !(after.is_object() || after.is_null()) ||
      (before.is_null() && after.is_null())) {
    lines.push_back(path + ": " + shown(before) + " → " + shown(after));
    return;
  }
  Json all = before.is_null() ? Json::object() : before;
  if (after.is_object()) all.update(after);
  for (const auto& [key, value] : all.items()) {
    const auto in = [&key = key](const Json& json) {
      return json.is_object() && json.contains(key) ? json[key] : Json();
    };
    compare_values(path.empty() ? key : path + "." + key, in(before), in(after), lines);
  }
}

}  // namespace

std::vector<std::string> differing_values(const std::string& before, const std::string& after) {
  std::vector<std::string> lines;
  compare_values("", Json::parse(before, nullptr, false), Json::parse(after, nullptr, false), lines);
  return lines;
}

}  // namespace studyctl
