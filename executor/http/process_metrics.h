#pragma once

#include "base/metrics.h"

namespace studyctl {

// What Prometheus' own client libraries tell of a process, by the same names; of this one, as it is now.
void add_process(Metrics& metrics);

}  // namespace studyctl
