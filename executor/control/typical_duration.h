#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace studyctl {

// How long repetitions of a run have lasted, of the newest thousand that succeeded.
class TypicalDuration {
 public:
  void add(Duration duration);
  // Nine of ten have lasted so long at most; nothing before there were ten.
  std::optional<Duration> p90() const;

 private:
  std::vector<Duration> seen_;
  size_t oldest_ = 0;  // the place that the next one takes once it is full
  mutable std::optional<Duration> p90_;
};

}  // namespace studyctl
