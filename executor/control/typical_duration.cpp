#include "control/typical_duration.h"

#include <algorithm>

namespace studyctl {
namespace {

constexpr size_t kFewest = 10;
constexpr size_t kMost = 1000;

}  // namespace

void TypicalDuration::add(Duration duration) {
  p90_.reset();
  if (seen_.size() < kMost) return seen_.push_back(duration);
  seen_[oldest_] = duration;
  oldest_ = (oldest_ + 1) % kMost;
}

std::optional<Duration> TypicalDuration::p90() const {
  if (seen_.size() < kFewest) return std::nullopt;
  if (p90_) return p90_;
  std::vector<Duration> sorted = seen_;
  const auto place = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() * 9 + 9) / 10 - 1);
  std::nth_element(sorted.begin(), place, sorted.end());
  p90_ = *place;
  return p90_;
}

}  // namespace studyctl
