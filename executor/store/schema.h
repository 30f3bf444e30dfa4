#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "store/sqlite.h"

namespace studyctl {

// Opens studies.db for writing, made or brought up to this version. Conflict when a newer studyctl wrote it.
Result<std::unique_ptr<Sqlite>> open_studies_for_writing(const std::filesystem::path& database);
// For reading, while a controller may be writing. NotFound; Conflict as above.
Result<std::unique_ptr<Sqlite>> open_studies_for_reading(const std::filesystem::path& database);

// An event's row id: 40 bits of its seq below the number of its run, so that a run's events lie together, in
// order.
constexpr int64_t event_row(int64_t run, uint64_t seq) {
  return (run << 40) | static_cast<int64_t>(seq);
}
constexpr uint64_t seq_of_row(int64_t row) {
  return static_cast<uint64_t>(row) & ((uint64_t{1} << 40) - 1);
}

}  // namespace studyctl
