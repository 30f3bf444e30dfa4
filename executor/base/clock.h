#pragma once

#include <chrono>

namespace studyctl {

using Duration = std::chrono::milliseconds;

// Wall time, for records that people read. It may jump.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

// Time since boot, suspend included (CLOCK_BOOTTIME); never jumps. For every timeout, backoff and cooldown.
struct BootClock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using Steady = BootClock::time_point;

// The only source of time, so that tests can turn it by hand. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual Steady steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  Steady steady() const override;
};

}  // namespace studyctl
