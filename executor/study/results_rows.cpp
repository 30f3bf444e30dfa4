#include "study/results_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "base/text.h"
#include "manifest/manifest.h"
#include "store/results_csv.h"
#include "study/applied_manifest.h"

namespace studyctl {
namespace {

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// Its metrics too; what has the name of both is the parameter.
Point point_of(const ResultRow& row) {
  Point point;
  for (auto& [name, text] : parameter_texts(row.parameters))
    point.parameters.emplace_back(name, Value{Value::Kind::String, std::move(text)});
  for (const MetricValue& metric : row.metrics)
    point.parameters.emplace_back(metric.name, Value{Value::Kind::Number, number_text(metric.value)});
  return point;
}

// Nothing where the manifest cannot be read.
std::map<std::string, Metric> metrics_of(const ChosenRun& chosen) {
  std::map<std::string, Metric> metrics;
  const auto applied = applied_manifest(chosen);
  if (!applied) return metrics;
  const auto manifest = read_manifest(applied->manifest, "study_manifest.json");
  if (!manifest) return metrics;
  for (const Metric& metric : manifest->study.results.metrics) metrics[metric.name] = metric;
  return metrics;
}

}  // namespace

void FlagTally::add(const std::vector<std::string>& flags) {
  ++repetitions;
  for (const std::string& flag : flags) ++by_flag[flag];
}

Result<FlagTally> visit_results(const ResultsQuery& query, const VisitResult& visit) {
  std::ifstream file(query.chosen.directory.path() / "results.jsonl");
  ParameterSieve sieve(query.rules.selector);
  const bool every = query.where.requirements().empty();
  FlagTally tally;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    const auto row = result_row_from_json(line);
    if (!row || !row->experiment.starts_with(query.rules.filter.experiment) ||
        !sieve.passes(row->parameters) || (!every && !query.where.matches(point_of(*row))))
      continue;
    ++tally.of;
    const auto flagged = query.flagged.find({row->experiment, row->cycle});
    if (flagged != query.flagged.end()) tally.add(flagged->second);
    if (flagged == query.flagged.end() || !query.clean) visit(*row, line);
  }
  if (auto verdict = sieve.verdict(); !verdict) return std::move(verdict).error();
  return tally;
}

void ResultColumns::widen(const ResultRow& row) {
  for (const auto& [name, text] : parameter_texts(row.parameters)) add_new(parameters, name);
  for (const MetricValue& metric : row.metrics) add_new(metrics, metric.name);
}

Result<ResultColumns> columns_of_results(const ResultsQuery& query) {
  ResultColumns columns;
  auto read = visit_results(query, [&](const ResultRow& row, const std::string&) { columns.widen(row); });
  if (!read) return std::move(read).error();
  columns.flagged = *std::move(read);
  return columns;
}

Result<ResultsQuery> query_of(const ChosenRun& chosen, const SelectionRules& rules, const Selector& where) {
  auto flagged = chosen.catalog.flagged(chosen.run.record.id);
  if (!flagged) return std::move(flagged).error();
  return ResultsQuery{chosen, rules, where, metrics_of(chosen), *std::move(flagged)};
}

std::string parameter_of(const std::vector<std::pair<std::string, std::string>>& parameters,
                         const std::string& name) {
  for (const auto& [own, text] : parameters)
    if (own == name) return text;
  return "";
}

const MetricValue* metric_of(const ResultRow& row, const std::string& name) {
  for (const MetricValue& metric : row.metrics)
    if (metric.name == name) return &metric;
  return nullptr;
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : ",") + csv_field(cells[i]);
  return line + "\n";
}

std::string short_number(double value) {
  if (!std::isfinite(value)) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace studyctl
