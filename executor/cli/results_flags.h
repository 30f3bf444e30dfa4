#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/results_rows.h"
#include "model/measurements.h"

namespace studyctl {

// Of the repetitions that a query lets through, those whose attempt was flagged, by flag.
struct FlagTally {
  size_t repetitions = 0;  // flagged
  size_t of = 0;
  std::map<std::string, size_t> by_flag;
};

// Counts them, and leaves them out where the query asks for that.
FlagTally clean(const ResultsQuery& query, Measurements& measured);
// Those among the rows of results.jsonl.
Result<FlagTally> tally_rows(const ResultsQuery& query);

// "3 repetitions left out by --clean: 2 throttled, 1 disturbed"; without --clean that it would. Empty where
// none is flagged.
std::string flags_text(const ResultsQuery& query, const FlagTally& tally);

}  // namespace studyctl
