#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/server.h"

namespace studyctl {

// What may be asked of one run by whoever may see it; nothing here changes it:
//   GET /healthz     200 while its controller turns; else 503
//   GET /readyz      200 once it has a state
//   GET /status      status.json, with an ETag
//   GET /metrics     as Prometheus reads them
//   GET /events      its transitions as they come, as server-sent events: see event_stream.h
// All of it is read from the run's directory, by any thread, but for what the metrics on `page` are, which
// outlives it.
Server::Answer monitor_routes(std::filesystem::path run_directory, const MetricsPage* page = nullptr);

// A JSON text, or 304 where the asker has it already.
ApiResponse tagged_json(std::string body, const ApiRequest& request);
// status.json so.
ApiResponse status_response(const std::filesystem::path& status_json, const ApiRequest& request);

// A line for people and probes.
ApiResponse plain_text(int status, const std::string& body);

// The answer to a scrape of these runs; see metrics_text().
ApiResponse metrics_response(const std::vector<std::filesystem::path>& run_directories,
                             const MetricsPage* page);

}  // namespace studyctl
