#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "store/harvest/metric_source.h"

namespace studyctl {

// Reads the metrics of a succeeded attempt once more, by rules that have changed since (`results --extract`).
// Nothing is run and nothing in `attempt_directory` is changed; whether it still succeeds by the new rules is
// not asked. NotFound: no such directory. Safe from any thread.
Result<MetricReadings> extract_metrics(const std::filesystem::path& attempt_directory,
                                       const std::vector<Metric>& metrics, const ReadLimits& limits = {});

}  // namespace studyctl
