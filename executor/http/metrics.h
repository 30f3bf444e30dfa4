#pragma once

#include <string>

#include "store/status.h"

namespace studyctl {

// One run in Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Labels have
// values from closed sets, but for the names of the study and the run.
std::string metrics_text(const Status& status);

}  // namespace studyctl
