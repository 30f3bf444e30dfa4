#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/study.h"

namespace studyctl {

// What the threshold is measured against: repetitions, or distinct groups where the threshold groups.
struct FailureCounts {
  uint64_t failed = 0;
  uint64_t finished = 0;
  uint64_t total = 0;
};

// The number of failures that is tolerated now: the count, or the percentage, rounded down, of all that the
// plan has (with minSamples: of those that have finished). Nothing while there are fewer than minSamples
// finished.
std::optional<uint64_t> tolerated(const FailureThreshold& threshold, const FailureCounts& counts);

// "6 failed > 5 tolerated" when the threshold acts.
std::optional<std::string> exceeded(const FailureThreshold& threshold, const FailureCounts& counts);
// Whether a run's message is such a text.
bool tells_of_threshold(std::string_view message);

}  // namespace studyctl
