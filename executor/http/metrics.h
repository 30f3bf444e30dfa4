#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "http/server.h"

namespace studyctl {

// What is answered to a scrape, in Prometheus' text format 0.0.4: the runs in `directories` as their
// status.json tells (one without is left out), their results volumes, this process, and all that is on
// `page`, where there is one. Labels have values from closed sets, but for the names of studies and runs. Any
// thread.
std::string metrics_text(const std::vector<std::filesystem::path>& directories, const MetricsPage* page);

// Counts what a server answers by route and status. `metrics` must outlive the server.
std::function<void(const std::string& path, int status)> counting(Metrics& metrics);

}  // namespace studyctl
