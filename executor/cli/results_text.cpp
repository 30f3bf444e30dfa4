#include "cli/results_text.h"

#include "base/text.h"
#include "cli/listing.h"
#include "store/results_csv.h"
#include "study/results_flags.h"
#include "study/table.h"
#include "study/written_json.h"

namespace studyctl {
namespace {

void print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

std::vector<std::string> headings(const ResultColumns& columns, const std::map<std::string, Metric>& metrics,
                                  ResultsOutput output) {
  const bool wide = output == ResultsOutput::Wide;
  std::vector<std::string> cells;
  if (wide || columns.parameters.empty()) cells.emplace_back("EXPERIMENT");
  for (const std::string& name : columns.parameters) cells.push_back(name);
  cells.emplace_back("CYCLE");
  for (const std::string& name : columns.metrics) {
    const auto metric = metrics.find(name);
    const bool has_unit = metric != metrics.end() && !metric->second.unit.empty();
    cells.push_back(has_unit ? name + " (" + metric->second.unit + ")" : name);
  }
  cells.emplace_back("TOOK");
  if (wide) cells.insert(cells.end(), {"ATTEMPT", "STARTED", "DEVICES", "FLAGS", "WARNINGS"});
  return cells;
}

std::vector<std::string> cells_of(const ResultRow& row, const ResultColumns& columns, ResultsOutput output) {
  const bool wide = output == ResultsOutput::Wide;
  std::vector<std::string> cells;
  if (wide || columns.parameters.empty()) cells.push_back(row.experiment);
  const auto parameters = parameter_texts(row.parameters);
  for (const std::string& name : columns.parameters) cells.push_back(parameter_of(parameters, name));
  cells.push_back(std::to_string(row.cycle));
  for (const std::string& name : columns.metrics) {
    const MetricValue* metric = metric_of(row, name);
    cells.push_back(metric ? short_number(metric->value) : "");
  }
  cells.push_back(human_duration(row.duration));
  if (wide)
    cells.insert(cells.end(), {std::to_string(row.attempt), format_instant(row.started_at),
                               join(row.devices, ","), join(row.flags, ","), join(row.warnings, "; ")});
  return cells;
}

Result<FlagTally> print_table(const ResultsQuery& query, ResultsOutput output, std::FILE* to) {
  const auto columns = columns_of_results(query);
  if (!columns) return columns.error();
  if (columns->parameters.empty() && columns->metrics.empty()) return columns->flagged;
  Table table(to, headings(*columns, query.metrics, output));
  return visit_results(
      query, [&](const ResultRow& row, const std::string&) { table.row(cells_of(row, *columns, output)); });
}

// The columns of results.csv.
Result<FlagTally> print_csv(const ResultsQuery& query, std::FILE* to) {
  const auto columns = columns_of_results(query);
  if (!columns) return columns.error();
  std::vector<std::string> head = {"experiment", "cycle", "attempt"};
  head.insert(head.end(), columns->parameters.begin(), columns->parameters.end());
  head.insert(head.end(), {"started_at", "finished_at", "duration_seconds"});
  head.insert(head.end(), columns->metrics.begin(), columns->metrics.end());
  print(to, csv_line(head));
  return visit_results(query, [&](const ResultRow& row, const std::string&) {
    std::vector<std::string> cells = {row.experiment, std::to_string(row.cycle), std::to_string(row.attempt)};
    const auto parameters = parameter_texts(row.parameters);
    for (const std::string& name : columns->parameters) cells.push_back(parameter_of(parameters, name));
    cells.insert(cells.end(), {format_instant(row.started_at), format_instant(row.finished_at),
                               number_text(static_cast<double>(row.duration.count()) / 1000)});
    for (const std::string& name : columns->metrics) {
      const MetricValue* metric = metric_of(row, name);
      cells.push_back(metric ? number_text(metric->value) : "");
    }
    print(to, csv_line(cells));
  });
}

// Rows as they lie there, with what stands around a list.
Result<FlagTally> print_json(const ResultsQuery& query, std::FILE* to) {
  print(to, "{\"apiVersion\":\"studyctl.io/v1alpha1\",\"kind\":\"List\",\"items\":[");
  bool first = true;
  auto read = visit_results(query, [&](const ResultRow&, const std::string& line) {
    print(to, (std::exchange(first, false) ? "\n" : ",\n") + line);
  });
  print(to, first ? "]}\n" : "\n]}\n");
  return read;
}

Result<FlagTally> print_yaml(const ResultsQuery& query, std::FILE* to) {
  Listing listing(to, Output::Yaml);
  auto read = visit_results(query, [&](const ResultRow&, const std::string& line) {
    ListItem item;
    item.data = written_from_json(line);
    listing.add(item);
  });
  listing.finish("");
  return read;
}

Result<FlagTally> print_lines(const ResultsQuery& query, ResultsOutput output, std::FILE* to) {
  return visit_results(query, [&](const ResultRow& row, const std::string& line) {
    print(to, (output == ResultsOutput::Name ? row.experiment : line) + "\n");
  });
}

Result<FlagTally> print_rows(const ResultsQuery& query, ResultsOutput output, std::FILE* to) {
  switch (output) {
    case ResultsOutput::Table:
    case ResultsOutput::Markdown:
    case ResultsOutput::Wide: return print_table(query, output, to);
    case ResultsOutput::Csv: return print_csv(query, to);
    case ResultsOutput::Json: return print_json(query, to);
    case ResultsOutput::Yaml: return print_yaml(query, to);
    case ResultsOutput::JsonLines:
    case ResultsOutput::Name: break;
  }
  return print_lines(query, output, to);
}

}  // namespace

Result<void> print_results(const ResultsQuery& query, ResultsOutput output, std::FILE* to) {
  const auto flagged = print_rows(query, output, to);
  if (!flagged) return flagged.error();
  std::fflush(to);
  if (const std::string text = flags_text(query, *flagged); !text.empty())
    std::fprintf(stderr, "%s\n", text.c_str());
  return {};
}

}  // namespace studyctl
