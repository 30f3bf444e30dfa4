#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "store/result_row.h"
#include "study/run_choice.h"
#include "study/selection.h"

namespace studyctl {

// The results of a run that a selection lets through.
struct ResultsQuery {
  const ChosenRun& chosen;
  const SelectionRules& rules;
  const Selector& where;
  std::map<std::string, Metric> metrics;  // by name, as the run's manifest has them
  Catalog::Flagged flagged;               // the repetitions whose attempt was
  bool clean = false;                     // they are left out
};

// With what is known of the run.
Result<ResultsQuery> query_of(const ChosenRun& chosen, const SelectionRules& rules, const Selector& where);

// Of the repetitions that a query selects, those whose attempt was flagged, by flag.
struct FlagTally {
  size_t repetitions = 0;  // flagged
  size_t of = 0;
  std::map<std::string, size_t> by_flag;

  void add(const std::vector<std::string>& flags);
};

// Reads results.jsonl line by line; a torn tail is left out. `line` is the row as it lies there, without its
// line break. The tally is of those that are left out too. Invalid: nothing is selected, since no experiment
// has a parameter that the selector names.
using VisitResult = std::function<void(const ResultRow& row, const std::string& line)>;
Result<FlagTally> visit_results(const ResultsQuery& query, const VisitResult& visit);

// The columns that the rows have between them, in the order in which they first come.
struct ResultColumns {
  std::vector<std::string> parameters, metrics;
  FlagTally flagged{};  // see visit_results()
  void widen(const ResultRow& row);
};
Result<ResultColumns> columns_of_results(const ResultsQuery& query);

// The text of a parameter or a metric of `row`; empty where it has none.
std::string parameter_of(const std::vector<std::pair<std::string, std::string>>& parameters,
                         const std::string& name);
const MetricValue* metric_of(const ResultRow& row, const std::string& name);

// Cells with commas between, and a line break.
std::string csv_line(const std::vector<std::string>& cells);
// A number for people: six digits.
std::string short_number(double value);

}  // namespace studyctl
