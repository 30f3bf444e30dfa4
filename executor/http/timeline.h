#pragma once

#include "http/server.h"
#include "study/run_choice.h"

namespace studyctl {

// What ran when, on which device; what has none is on the first place that is free:
//   GET …/timeline?from=&to=       seconds since the run's start; all of it when not given
//     → {"start", "from", "to", "end", "lanes": [names], "spans": [{"lane", "from", "to", "state",
//     "attempts",
//        "experiment"?, "cycle"?, "attempt"?}]}
// Attempts that are too short to be told apart over so long a time are one span.
ApiResponse timeline(const ChosenRun& chosen, const ApiRequest& request);

}  // namespace studyctl
