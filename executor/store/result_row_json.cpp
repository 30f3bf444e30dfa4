#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/result_row.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;

std::string dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json metrics_of(const ResultRow& row) {
  ordered_json metrics = ordered_json::object();
  // What is no number becomes null: JSON knows no other.
  for (const MetricValue& metric : row.metrics) metrics[to_utf8(metric.name)] = metric.value;
  return metrics;
}

}  // namespace

std::string to_json_line(const ResultRow& row) {
  const ordered_json head = {{"experiment", row.experiment}, {"cycle", row.cycle}, {"attempt", row.attempt}};
  ordered_json tail = {{"metrics", metrics_of(row)},
                       {"started_at", format_instant(row.started_at)},
                       {"finished_at", format_instant(row.finished_at)},
                       {"duration_seconds", static_cast<double>(row.duration.count()) / 1000},
                       {"image_digest", row.image_digest}};
  if (!row.devices.empty()) tail["devices"] = row.devices;
  if (!row.warnings.empty()) tail["warnings"] = row.warnings;
  if (!row.source.empty()) tail["source"] = row.source;
  if (!row.flags.empty()) tail["flags"] = row.flags;
  // The parameters go in as they are: their numbers keep their text.
  std::string line = dump(head);
  line.back() = ',';
  line += "\"parameters\":" + (row.parameters.empty() ? "{}" : row.parameters) + ",";
  return line + dump(tail).substr(1) + "\n";
}

Result<ResultRow> result_row_from_json(std::string_view line) {
  try {
    const ordered_json json = ordered_json::parse(line);
    ResultRow row;
    row.experiment = json.at("experiment");
    row.cycle = json.at("cycle");
    row.attempt = json.at("attempt");
    row.parameters = json.at("parameters").dump();
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    for (const auto& [name, value] : json.at("metrics").items())
      row.metrics.push_back({name, value.is_null() ? kNone : value.get<double>(), ""});
    Result<Instant> started_at = parse_instant(json.at("started_at").get<std::string>());
    if (!started_at) return std::move(started_at).error();
    Result<Instant> finished_at = parse_instant(json.at("finished_at").get<std::string>());
    if (!finished_at) return std::move(finished_at).error();
    row.started_at = *started_at;
    row.finished_at = *finished_at;
    row.duration = Duration(std::llround(json.at("duration_seconds").get<double>() * 1000));
    row.image_digest = json.value("image_digest", "");
    row.devices = json.value("devices", std::vector<std::string>());
    row.warnings = json.value("warnings", std::vector<std::string>());
    row.source = json.value("source", "");
    row.flags = json.value("flags", std::vector<std::string>());
    return row;
  } catch (const ordered_json::exception& error) {
    return Error{ErrorCode::Invalid, std::string("is not a row of results.jsonl: ") + error.what()};
  }
}

std::vector<std::pair<std::string, std::string>> parameter_texts(const std::string& parameters) {
  std::vector<std::pair<std::string, std::string>> texts;
  const ordered_json json = ordered_json::parse(parameters, nullptr, false);
  if (!json.is_object()) return texts;
  for (const auto& [name, value] : json.items())
    texts.emplace_back(name, value.is_string() ? value.get<std::string>() : dump(value));
  return texts;
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "";
  std::array<char, 64> text;
  const std::to_chars_result end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

}  // namespace studyctl
