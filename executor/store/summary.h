#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "store/catalog.h"
#include "store/status.h"

namespace studyctl {

// summary.txt: how a run ended, by state and by reason, with its figures; for people.
std::string summary_text(const Status& status, const Catalog::Usage& usage);
Result<void> write_summary(const std::filesystem::path& run_directory, const std::string& text);

}  // namespace studyctl
