#pragma once

#include <filesystem>
#include <optional>

#include "store/harvest/workload_json.h"

namespace studyctl {

// What the workload of the attempt in `directory` says of itself in .progress (64 KiB at most). Nothing when
// there is none, or when it is torn or makes no sense: what was read before still holds then. Safe from any
// thread.
std::optional<WorkloadProgress> read_progress(const std::filesystem::path& directory);

}  // namespace studyctl
