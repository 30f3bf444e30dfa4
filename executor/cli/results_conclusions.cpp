#include <utility>

#include "base/text.h"
#include "cli/listing.h"
#include "cli/results_text.h"
#include "store/results_csv.h"
#include "study/results_flags.h"
#include "study/table.h"

namespace studyctl {
namespace {

using Field = ConclusionField;

void add_data(const Field& field, Row& head, Row& cells) {
  const auto text = [](const Written& data) -> std::string {
    if (const auto* string = std::get_if<std::string>(&data.data)) return *string;
    const auto* literal = std::get_if<Written::Literal>(&data.data);
    return literal == nullptr || literal->text == "null" ? "" : literal->text;
  };
  if (!field.is_interval) {
    head.emplace_back(field.key);
    cells.push_back(text(field.data));
    return;
  }
  head.insert(head.end(), {std::string(field.key) + "_low", std::string(field.key) + "_high"});
  const auto* ends = std::get_if<Written::List>(&field.data.data);
  cells.push_back(ends == nullptr ? "" : text(ends->front()));
  cells.push_back(ends == nullptr ? "" : text(ends->back()));
}

void print_csv(const ConclusionRows& rows, std::FILE* to) {
  bool first = true;
  rows.each([&](const ResultGroup& group, const std::vector<Field>& fields) {
    Row head = rows.parameter_names(), cells = rows.parameter_cells(group);
    for (const Field& field : fields) add_data(field, head, cells);
    if (std::exchange(first, false)) std::fprintf(to, "%s", csv_line(head).c_str());
    std::fprintf(to, "%s", csv_line(cells).c_str());
  });
}

void print_json_lines(const ConclusionRows& rows, std::FILE* to) {
  rows.each([&](const ResultGroup& group, const std::vector<Field>& fields) {
    std::fprintf(to, "%s\n", json_of(rows.data_of(group, fields), Keys::AsWritten).c_str());
  });
}

void print_markdown(const ConclusionRows& rows, std::FILE* to) {
  bool first = true;
  each_table_row(rows, false, [&](const Row& cells) {
    std::string line = "|", rule = "|";
    for (const std::string& cell : cells) {
      std::string text = printable(cell);
      for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
      line += " " + text + " |";
      rule += " --- |";
    }
    std::fprintf(to, "%s\n", line.c_str());
    if (std::exchange(first, false)) std::fprintf(to, "%s\n", rule.c_str());
  });
}

void print_table(const ConclusionRows& rows, bool wide, std::FILE* to) {
  std::optional<Table> table;
  each_table_row(rows, wide, [&](Row cells) {
    if (table) return table->row(std::move(cells));
    table.emplace(to, std::move(cells));
  });
}

}  // namespace

void each_table_row(const ConclusionRows& rows, bool wide, const std::function<void(Row)>& visit) {
  bool first = true;
  rows.each([&](const ResultGroup& group, const std::vector<Field>& fields) {
    Row head = rows.parameter_names(), cells = rows.parameter_cells(group);
    for (const Field& field : fields) {
      if (field.shown == Field::Shown::Data || (field.shown == Field::Shown::Wide && !wide)) continue;
      if (std::string_view(field.key) == "standing" && !rows.has_goal()) continue;
      head.emplace_back(field.heading);
      cells.push_back(field.text);
    }
    if (std::exchange(first, false)) visit(std::move(head));
    visit(std::move(cells));
  });
}

Result<void> print_conclusions(const ResultsQuery& query, const ConclusionsQuery& asked, ResultsOutput output,
                               std::FILE* to) {
  const auto answer = ConclusionsAnswer::of(query, asked);
  if (!answer) return answer.error();
  const ConclusionRows rows = answer->rows();
  switch (output) {
    case ResultsOutput::Csv: print_csv(rows, to); break;
    case ResultsOutput::Markdown: print_markdown(rows, to); break;
    case ResultsOutput::Json: print_data(to, Output::Json, answer->data()); break;
    case ResultsOutput::Yaml: print_data(to, Output::Yaml, answer->data()); break;
    case ResultsOutput::JsonLines: print_json_lines(rows, to); break;
    default: print_table(rows, output == ResultsOutput::Wide, to);
  }
  std::fflush(to);
  for (const MetricDrift& drift : answer->drifts)
    std::fprintf(stderr, "warning: %s\n", printable(drift_text(drift)).c_str());
  if (const std::string text = flags_text(query, answer->flagged); !text.empty())
    std::fprintf(stderr, "%s\n", text.c_str());
  return {};
}

}  // namespace studyctl
