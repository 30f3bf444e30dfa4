#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/catalog.h"
#include "store/status.h"

namespace studyctl {

// summary.txt: how a run ended, by state and by reason, with its figures; for people.
// `warnings` say what a reader must know of its results.
std::string summary_text(const Status& status, const Catalog::Usage& usage,
                         const std::vector<std::string>& warnings);
Result<void> write_summary(const std::filesystem::path& run_directory, const std::string& text);

}  // namespace studyctl
