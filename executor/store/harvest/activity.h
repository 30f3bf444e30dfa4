#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>

namespace studyctl {

// What the files of an attempt look like from outside. Two that differ: something was written, made, renamed
// or removed in between; only that counts, so a clock that jumps does no harm.
struct ActivityFingerprint {
  uint64_t entries = 0;
  uint64_t bytes = 0;
  uint64_t hash = 0;  // of sizes, times and inodes, whatever their order
  auto operator<=>(const ActivityFingerprint&) const = default;
};

// Looks at everything below `attempt_directory`, logs and .progress too; follows no link, reads no content;
// sees the first 100,000 entries of a larger one. An empty fingerprint when the directory is not there. Safe
// from any thread.
ActivityFingerprint scan_activity(const std::filesystem::path& attempt_directory);

}  // namespace studyctl
