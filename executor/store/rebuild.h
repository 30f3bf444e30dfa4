#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace studyctl {

struct RebuildReport {
  uint64_t runs = 0;
  uint64_t events = 0;
  std::vector<std::string> warnings;  // what could not be read, and what was made of it
};

// Makes studies.db again from what lies below `results`: study_manifest.json, progress.jsonl (a torn tail is
// ignored) and attempt.json of each run. An old one is kept as studies.db.old. For whoever holds the lock.
Result<RebuildReport> rebuild_database(const std::filesystem::path& results,
                                       const std::filesystem::path& database);

}  // namespace studyctl
