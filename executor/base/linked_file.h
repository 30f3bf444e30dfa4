#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace studyctl {

// As read_file(), and follows links: for what users name, and for what a cluster mounts (the keys of a
// Secret, the token of a pod: all of them links). An Error names `path`.
Result<std::string> read_linked_file(const std::filesystem::path& path, size_t limit = 64u << 20);

}  // namespace studyctl
