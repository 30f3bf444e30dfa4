#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "cli/results_rows.h"
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

}  // namespace studyctl
