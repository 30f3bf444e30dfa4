#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "cli/results_rows.h"
#include "cli/table.h"
#include "model/conclusions.h"

namespace studyctl {

enum class ResultsOutput : uint8_t { Table, Wide, Csv, Json, JsonLines, Yaml, Name, Markdown };

// A row per repetition.
Result<void> print_results(const ResultsQuery& query, ResultsOutput output, std::FILE* to);

// What the rows come to: a row per group and metric.
struct ConclusionsQuery {
  Question question;
  std::string sort;  // "latency", "batch:desc": groups by a parameter or by the mean of a metric
};
Result<void> print_conclusions(const ResultsQuery& query, const ConclusionsQuery& asked, ResultsOutput output,
                               std::FILE* to);

// Its pieces. What the query lets through of what a run measured, with the units and goals of its manifest.
Result<Measurements> measurements_of(const ResultsQuery& query);
// Invalid: `sort` names neither a parameter nor a metric.
Result<void> sort_groups(const Measurements& measured, Conclusions& conclusions, const std::string& sort);
struct Concluded {
  const Measurements& measured;
  const Conclusions& conclusions;
  bool has_baseline = false;
};
// The headings, then a row per group and metric.
void each_table_row(const Concluded& concluded, bool wide, const std::function<void(Row)>& visit);
std::optional<double> number_in(const std::string& text);

}  // namespace studyctl
