#include "store/harvest/extract.h"

namespace studyctl {

Result<MetricReadings> extract_metrics(const std::filesystem::path& attempt_directory,
                                       const std::vector<Metric>& metrics, const ReadLimits& limits) {
  const auto directory = AttemptDirectory::open(attempt_directory);
  if (!directory) return directory.error();
  ReadBudget budget(limits);
  return read_metrics(*directory, metrics, budget);
}

}  // namespace studyctl
