#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"

namespace studyctl {

struct SyncItem {
  std::filesystem::path directory;
  bool with_all_below = true;  // else the names in it alone
};

// Makes all of them durable; all are on one file system. May wait long for the disk: call it on a worker
// thread.
Result<void> sync_all(const std::vector<SyncItem>& items);

// Bytes on disk of all that lies below `directory`; a file with several names counts once, links are not
// followed. What cannot be seen counts nothing.
uint64_t tree_size(const std::filesystem::path& directory);

}  // namespace studyctl
