#pragma once

#include <filesystem>

#include "store/attempt_record.h"
#include "store/harvest/attempt_directory.h"

namespace studyctl {

// How a failed attempt's workload says it failed: error.json; else its termination message (JSON like it, or
// words; a path of the host, empty for none); else what stderr (or, where it is empty, stdout) ended with, a
// Python traceback taken apart. With the last lines of the log. Each part is UTF-8 without control characters
// but line breaks, 64 KiB at most, cut in the middle.
FailureRecord read_failure(const std::filesystem::path& path, const AttemptDirectory& directory,
                           const std::filesystem::path& termination_message);

}  // namespace studyctl
