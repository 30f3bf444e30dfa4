#pragma once

#include "base/clock.h"

namespace studyctl {

// Stands still until it is turned. One thread.
class FakeClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  Steady steady() const override { return steady_; }

  void advance(Duration duration) {
    now_ += duration;
    steady_ += duration;
  }
  // Only the time of day jumps.
  void show(Duration ahead) { now_ += ahead; }

 private:
  Instant now_{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Steady steady_{std::chrono::hours(1)};
};

}  // namespace studyctl
