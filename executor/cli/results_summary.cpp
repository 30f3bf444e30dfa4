#include <algorithm>

#include "base/text.h"
#include "cli/listing.h"
#include "cli/results_text.h"
#include "cli/table.h"
#include "cli/written_json.h"
#include "store/harvest/statistics.h"
#include "store/results_csv.h"

namespace studyctl {
namespace {

using Group = GroupedStatistics::Group;
using MetricSummary = GroupedStatistics::MetricSummary;

Result<std::vector<Group>> read_groups(const ResultsQuery& query, const std::vector<std::string>& group_by) {
  GroupedStatistics statistics(group_by);
  ResultColumns columns;
  auto read = visit_results(query, [&](const ResultRow& row, const std::string&) {
    columns.widen(row);
    statistics.add(parameter_texts(row.parameters), row.metrics);
  });
  if (!read) return std::move(read).error();
  std::vector<Group> groups = statistics.groups();
  for (const std::string& name : group_by) {
    const std::vector<std::string>& known = columns.parameters;
    if (!groups.empty() && std::find(known.begin(), known.end(), name) == known.end())
      return Error{ErrorCode::Invalid,
                   "--group-by " + printable(name) +
                       ": no experiment has this parameter; there is: " + printable(join(known, ", "))};
  }
  return groups;
}

Written data_of(const MetricSummary& metric) {
  const Statistics& statistics = metric.statistics;
  return {Written::Map{{"unit", Written::text(metric.unit)},
                       {"n", Written::number(static_cast<int64_t>(statistics.n))},
                       {"mean", written_number(statistics.mean)},
                       {"median", written_number(statistics.median)},
                       {"min", written_number(statistics.min)},
                       {"max", written_number(statistics.max)}}};
}

Written data_of(const Group& group) {
  Written::Map parameters, metrics;
  for (const auto& [name, text] : group.parameters) parameters.emplace_back(name, Written::text(text));
  for (const MetricSummary& metric : group.metrics) metrics.emplace_back(metric.name, data_of(metric));
  return {Written::Map{{"parameters", {std::move(parameters)}},
                       {"repetitions", Written::number(static_cast<int64_t>(group.repetitions))},
                       {"metrics", {std::move(metrics)}}}};
}

std::vector<std::string> parameter_names(const std::vector<Group>& groups) {
  std::vector<std::string> names;
  for (const Group& group : groups)
    for (const auto& [name, text] : group.parameters)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

using NumberText = std::string (*)(double);

// A row for each group and metric.
std::vector<std::vector<std::string>> rows_of(const std::vector<Group>& groups, NumberText number) {
  const std::vector<std::string> names = parameter_names(groups);
  std::vector<std::vector<std::string>> rows = {names};
  for (const char* heading : {"metric", "unit", "n", "mean", "median", "min", "max"})
    rows.front().emplace_back(heading);
  for (const Group& group : groups) {
    for (const MetricSummary& metric : group.metrics) {
      std::vector<std::string> cells;
      for (const std::string& name : names) cells.push_back(parameter_of(group.parameters, name));
      const Statistics& statistics = metric.statistics;
      cells.insert(cells.end(),
                   {metric.name, metric.unit, std::to_string(statistics.n), number(statistics.mean),
                    number(statistics.median), number(statistics.min), number(statistics.max)});
      rows.push_back(std::move(cells));
    }
  }
  return rows;
}

void set_units(std::vector<Group>& groups, const std::map<std::string, std::string>& units) {
  for (Group& group : groups)
    for (MetricSummary& metric : group.metrics)
      if (const auto unit = units.find(metric.name); unit != units.end()) metric.unit = unit->second;
}

void print_table(const std::vector<Group>& groups, std::FILE* to) {
  auto rows = rows_of(groups, short_number);
  const size_t parameters = parameter_names(groups).size();
  for (size_t i = parameters; i < rows.front().size(); ++i)
    for (char& c : rows.front()[i]) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  Table table(to, rows.front());
  for (size_t i = 1; i < rows.size(); ++i) table.row(rows[i]);
}

void print_csv(const std::vector<Group>& groups, std::FILE* to) {
  for (const auto& cells : rows_of(groups, number_text)) {
    std::string line;
    for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + csv_field(cell);
    std::fprintf(to, "%s\n", line.c_str());
  }
}

}  // namespace

Result<void> print_results_summary(const ResultsQuery& query, const std::vector<std::string>& group_by,
                                   ResultsOutput output, std::FILE* to) {
  auto groups = read_groups(query, group_by);
  if (!groups) return std::move(groups).error();
  set_units(*groups, metric_units(query.chosen));
  Written::List items;
  switch (output) {
    case ResultsOutput::Name:
    case ResultsOutput::Table:
    case ResultsOutput::Wide: print_table(*groups, to); return {};
    case ResultsOutput::Csv: print_csv(*groups, to); return {};
    case ResultsOutput::JsonLines:
      for (const Group& group : *groups)
        std::fprintf(to, "%s\n", json_of(data_of(group), Keys::AsWritten).c_str());
      return {};
    case ResultsOutput::Json:
    case ResultsOutput::Yaml: break;
  }
  for (const Group& group : *groups) items.push_back(data_of(group));
  print_data(to, output == ResultsOutput::Yaml ? Output::Yaml : Output::Json,
             {Written::Map{{"apiVersion", Written::text("studyctl.io/v1alpha1")},
                           {"kind", Written::text("List")},
                           {"items", {std::move(items)}}}});
  return {};
}

}  // namespace studyctl
