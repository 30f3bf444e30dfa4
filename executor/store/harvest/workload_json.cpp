#include "store/harvest/workload_json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr size_t kLongestProgressMessage = 500;

std::string text_at(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return {};
  if (at->is_string()) return at->get<std::string>();
  if (!at->is_array()) return at->dump(-1, ' ', false, json::error_handler_t::replace);
  std::string lines;
  for (const json& line : *at) {
    if (!line.is_string()) continue;
    lines += line.get<std::string>();
    if (!lines.ends_with('\n')) lines += '\n';
  }
  return lines;
}

std::optional<double> fraction_of(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const double fraction = value.get<double>();
  return fraction >= 0 && fraction <= 1 ? std::optional(fraction) : std::nullopt;
}

}  // namespace

std::optional<FailureRecord> failure_from_json(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  FailureRecord record{text_at(object, "type"), text_at(object, "message"), text_at(object, "traceback"), {}};
  if (record.type.empty() && record.message.empty() && record.traceback.empty()) return std::nullopt;
  return record;
}

std::optional<WorkloadProgress> workload_progress_from_json(std::string_view text) {
  const json value = json::parse(text, nullptr, false);
  WorkloadProgress progress;
  if (value.is_number()) {
    progress.fraction = fraction_of(value);
  } else if (value.is_object()) {
    if (const auto at = value.find("fraction"); at != value.end()) progress.fraction = fraction_of(*at);
    progress.message =
        printable(std::string_view(text_at(value, "message")).substr(0, kLongestProgressMessage));
  }
  if (!progress.fraction && progress.message.empty()) return std::nullopt;
  return progress;
}

}  // namespace studyctl
