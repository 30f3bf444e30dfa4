#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/event.h"

namespace studyctl {

// A row of results.jsonl: one repetition that succeeded, in this run or in the one that it is cached from.
struct ResultRow {
  std::string experiment;
  uint32_t cycle = 1;
  uint32_t attempt = 1;
  std::string parameters;  // JSON object
  std::vector<MetricValue> metrics;
  Instant started_at, finished_at;
  Duration duration{0};
  std::string image_digest;
  std::vector<std::string> devices;
  std::vector<std::string> warnings;
  std::string source{};              // the directory of the run that it is cached from
  std::vector<std::string> flags{};  // why it may be off: `throttled`, `disturbed`
};

// With its line break.
std::string to_json_line(const ResultRow& row);
// Invalid when it is none.
Result<ResultRow> result_row_from_json(std::string_view line);

// Name and text of each parameter, for a table. Nothing when `parameters` is not a JSON object.
std::vector<std::pair<std::string, std::string>> parameter_texts(const std::string& parameters);
// The shortest text that reads back as `value`; empty for what is no number.
std::string number_text(double value);

}  // namespace studyctl
