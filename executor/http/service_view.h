#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/metrics.h"
#include "http/server.h"
#include "http/volume_place.h"

namespace studyctl {

// The directories of the runs that a service drives now.
using LiveDirectories = std::function<std::vector<std::filesystem::path>()>;

// What may be looked at of a service: the page, /api/v1 (see api.h), and
//   GET /healthz, /readyz   200
//   GET /status             {"runs": [{"study", "run_id", "state", "state_reason", "total", "completed",
//   "failed",
//                           "eta_seconds"}…]} of those that are on or wait, with an ETag
//   GET /metrics            as Prometheus reads them
//   GET /api/v1/schema      the JSON Schema of a Study
//   GET /api/v1/whoami      {"name", "role"}
Server::Answer service_view(const VolumePlace& results, LiveDirectories live, const MetricsPage* page);

}  // namespace studyctl
