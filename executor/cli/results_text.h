#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "study/conclusions_answer.h"
#include "study/table.h"

namespace studyctl {

enum class ResultsOutput : uint8_t { Table, Wide, Csv, Json, JsonLines, Yaml, Name, Markdown };

// A row per repetition.
Result<void> print_results(const ResultsQuery& query, ResultsOutput output, std::FILE* to);

// What the rows come to.
Result<void> print_conclusions(const ResultsQuery& query, const ConclusionsQuery& asked, ResultsOutput output,
                               std::FILE* to);
// The headings, then a row per group and metric.
void each_table_row(const ConclusionRows& rows, bool wide, const std::function<void(Row)>& visit);

}  // namespace studyctl
