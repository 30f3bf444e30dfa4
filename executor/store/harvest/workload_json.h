#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/attempt_record.h"

namespace studyctl {

// {type, message, traceback} as a workload writes it (a traceback may be a list of lines). Nothing when it is
// not an object with at least one of them.
std::optional<FailureRecord> failure_from_json(std::string_view text);

struct WorkloadProgress {
  std::optional<double> fraction;  // 0 … 1
  std::string message;             // one printable line
};
// {fraction, message}, or the fraction alone. Nothing when it is neither.
std::optional<WorkloadProgress> workload_progress_from_json(std::string_view text);

}  // namespace studyctl
