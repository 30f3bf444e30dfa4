#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace studyctl {

// Takes a run and all that studies.db knows of it out of the database, in one transaction; its study too when
// it has no other run. Nothing happens when it is not there. For whoever holds the volume's lock.
Result<void> delete_run(const std::filesystem::path& database, const std::string& run_id);

}  // namespace studyctl
