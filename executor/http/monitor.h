#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "http/server.h"

namespace studyctl {

// What may be asked of one run by whoever may see it; nothing here changes it:
//   GET /healthz     200 while its controller turns; else 503
//   GET /readyz      200 once it has a state
//   GET /status      status.json, with an ETag
//   GET /metrics     as Prometheus reads them
//   GET /events      its transitions as they come, as server-sent events: see event_stream.h
// All of it is read from the run's directory, by any thread.
Server::Answer monitor_routes(std::filesystem::path run_directory);

}  // namespace studyctl
