#pragma once

#include <array>

#include "base/metrics.h"
#include "model/states.h"

namespace studyctl {

// What is measured of one run while its controller works, beside what status.json tells.
struct RunMetrics {
  RunMetrics() = default;  // keeps nothing
  explicit RunMetrics(Metrics& metrics);

  Histogram turns;                            // of the control loop, in seconds
  Histogram commits;                          // of the journal, in seconds
  std::array<Histogram, kVerdicts> attempts;  // seconds of their main container, by what they came to
  Gauge last_end;                             // of an attempt, in seconds since 1970
  Gauge leased;                               // devices
  Gauge disk_full;                            // 1 or 0
};

}  // namespace studyctl
