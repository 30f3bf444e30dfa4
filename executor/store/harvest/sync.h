#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace studyctl {

// Makes all that lies below `directory`, and its names, durable. May wait long for the disk: call it on a
// worker thread.
Result<void> sync_tree(const std::filesystem::path& directory);

// Bytes on disk of all that lies below `directory`; a file with several names counts once, links are not
// followed. What cannot be seen counts nothing.
uint64_t tree_size(const std::filesystem::path& directory);

}  // namespace studyctl
