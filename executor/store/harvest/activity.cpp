#include "store/harvest/activity.h"

#include "store/harvest/attempt_directory.h"
#include "store/harvest/tree.h"

namespace studyctl {
namespace {

constexpr uint64_t kMostEntries = 100'000;

uint64_t mixed(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

uint64_t nanoseconds(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

ActivityFingerprint scan_activity(const std::filesystem::path& attempt_directory) {
  ActivityFingerprint fingerprint;
  const auto directory = AttemptDirectory::open(attempt_directory);
  if (!directory) return fingerprint;
  walk_tree(directory->fd(), kMostEntries, [&](const TreeEntry& entry) {
    const struct stat& status = entry.status;
    uint64_t hash = mixed(status.st_ino, static_cast<uint64_t>(status.st_size));
    hash = mixed(hash, nanoseconds(status.st_mtim));
    hash = mixed(hash, nanoseconds(status.st_ctim));
    ++fingerprint.entries;
    if (S_ISREG(status.st_mode)) fingerprint.bytes += static_cast<uint64_t>(status.st_size);
    fingerprint.hash += hash;
  });
  return fingerprint;
}

}  // namespace studyctl
