#pragma once

#include <filesystem>

#include "base/metrics.h"
#include "http/server.h"
#include "http/volume_place.h"

namespace studyctl {

// What is known of the studies of a results volume, under /api/v1, as `get -o json` has it:
//   GET /api/v1/studies
//   GET /api/v1/studies/{study}                         with an ETag
//   GET /api/v1/studies/{study}/runs                    the newest first
//   GET /api/v1/studies/{study}/runs/{run}              {run}: its name, or latest
//   GET …/runs/{run}/status                             status.json, with an ETag
//   GET …/runs/{run}/events                             see event_stream.h
//   GET …/runs/{run}/experiments|repetitions|attempts   ?selector=&state=&reason=&experiment=&minFails=
//   GET …/runs/{run}/grid, /plan                        see grid.h
//   GET …/runs/{run}/timeline                           see timeline.h
//   GET …/runs/{run}/log                                see log_answer.h
//   GET …/runs/{run}/results, /manifest, /commands      see results_answer.h; and
//   GET …/runs/{run}/changes?since={run}                  what its manifest changed
// Lists are {"apiVersion", "kind": "List", "metadata": {"continue"?}, "items"}: ?limit= (500, at most 5,000)
// ends a page, ?continue= goes on behind it. Errors are problems. All of it is read from disk, by any thread.
Server::Answer api_routes(VolumePlace results);
// Whether it lies where api_routes() answer.
bool is_api_route(const std::string& path);

// The same, the web page, and what monitor_routes() tells of the one run in `run_directory`; whoever asks may
// look, and no more.
Server::Answer view_routes(const VolumePlace& results, const std::filesystem::path& run_directory,
                           const MetricsPage* metrics = nullptr);

}  // namespace studyctl
