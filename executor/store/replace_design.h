#pragma once

#include <filesystem>

#include "base/result.h"
#include "store/run_manifest.h"

namespace studyctl {

// Makes `manifest` that of its run in studies.db, its design hash too: of a run whose results are read by
// other rules. For whoever holds the volume's lock. NotFound.
Result<void> replace_design(const std::filesystem::path& database, const RunManifest& manifest);

}  // namespace studyctl
