#include "model/threshold.h"

#include <cmath>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr std::string_view kFailed = " failed > ", kTolerated = " tolerated";

}  // namespace

std::optional<uint64_t> tolerated(const FailureThreshold& threshold, const FailureCounts& counts) {
  if (threshold.min_samples > 0 && counts.finished < threshold.min_samples) return std::nullopt;
  if (threshold.max_failed) return threshold.max_failed;
  if (!threshold.max_failed_percent) return std::nullopt;
  const uint64_t base = threshold.min_samples > 0 ? counts.finished : counts.total;
  return static_cast<uint64_t>(
      std::floor(*threshold.max_failed_percent * static_cast<double>(base) / 100.0 + 1e-9));
}

std::optional<std::string> exceeded(const FailureThreshold& threshold, const FailureCounts& counts) {
  const std::optional<uint64_t> limit = tolerated(threshold, counts);
  if (!limit || counts.failed <= *limit) return std::nullopt;
  const std::string what = threshold.group_by.empty() ? "" : " groups of " + join(threshold.group_by, ", ");
  return std::to_string(counts.failed) + what + std::string(kFailed) + std::to_string(*limit) +
         std::string(kTolerated);
}

bool tells_of_threshold(std::string_view message) {
  const bool counts = !message.empty() && message.front() >= '0' && message.front() <= '9';
  return counts && message.ends_with(kTolerated) && message.find(kFailed) != std::string_view::npos;
}

}  // namespace studyctl
