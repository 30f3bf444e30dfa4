#pragma once

#include <filesystem>

#include "http/desk.h"
#include "http/server.h"
#include "http/volume_place.h"

namespace studyctl {

// What changes something:
//   POST /api/v1/studies?dryRun=All&fresh=&yes=&reuse=&acceptImageChange=&noPilotPause=
//        the body is a manifest (application/yaml or application/json), or what send_study() makes of one
//   PUT  /api/v1/inputs/{sha256}           a file that a manifest names, sent before it; GET: whether it is
//   there POST /api/v1/studies/{study}/runs/{run}:stop|pause|resume|cancel|retry|skip
//        {"grace"?, "why"?, "maxRetries"?, "selection"?: {"experiment"?, "selector"?, "states"?, "reasons"?,
//        "minFails"?}} → {"message"}; 202 while a cancel is not over
//   …:again {"cycles"?, "parallelism"?, "selection"?} → {"study", "run", "message"}: a new run, measured anew
//   …:keep {"why"?}, …:unkeep, …:delete
// Nothing where the request is for none of these. `desk` must outlive the answers.
using ChangingAnswer = std::function<std::optional<ApiResponse>(const ApiRequest&)>;
ChangingAnswer changing_routes(VolumePlace results, Desk& desk);

}  // namespace studyctl
