#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "cli/results_rows.h"

namespace studyctl {

enum class ResultsOutput : uint8_t { Table, Wide, Csv, Json, JsonLines, Yaml, Name };

// The rows themselves.
Result<void> print_results(const ResultsQuery& query, ResultsOutput output, std::FILE* to);

// Statistics of each metric over the rows of a group; by all parameters when `group_by` is empty.
Result<void> print_results_summary(const ResultsQuery& query, const std::vector<std::string>& group_by,
                                   ResultsOutput output, std::FILE* to);

}  // namespace studyctl
