#pragma once

#include <string>

#include "model/measurements.h"
#include "study/results_rows.h"

namespace studyctl {

// Counts what was flagged, and leaves it out where the query asks for that.
FlagTally clean(const ResultsQuery& query, Measurements& measured);

// "3 repetitions left out by --clean: 2 throttled, 1 disturbed"; without --clean that it would. Empty where
// none is flagged.
std::string flags_text(const ResultsQuery& query, const FlagTally& tally);

}  // namespace studyctl
