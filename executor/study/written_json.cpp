#include "study/written_json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/result_row.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;

Written written(const ordered_json& json) {
  if (json.is_string()) return Written::text(json.get_ref<const std::string&>());
  if (json.is_array()) {
    Written::List list;
    for (const ordered_json& item : json) list.push_back(written(item));
    return {std::move(list)};
  }
  if (json.is_object()) {
    Written::Map map;
    for (const auto& [key, value] : json.items()) map.emplace_back(key, written(value));
    return {std::move(map)};
  }
  return Written::number(json.dump());
}

}  // namespace

Written written_from_json(std::string_view text) {
  const ordered_json json = ordered_json::parse(text, nullptr, false);
  return json.is_discarded() ? written_null() : written(json);
}

Written written_null() {
  return Written::number("null");
}

Written written_of(const std::vector<std::string>& values) {
  Written::List list;
  for (const std::string& value : values) list.push_back(Written::text(value));
  return {std::move(list)};
}

Written written_number(double value) {
  const std::string text = number_text(value);
  return text.empty() ? written_null() : Written::number(text);
}

Written written_seconds(Duration duration) {
  return written_number(static_cast<double>(duration.count()) / 1000);
}

}  // namespace studyctl
