#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace studyctl {

// Makes `path`, for readers that come once it is told of with all that lies beside it: it is not synced, and
// half of it may be seen meanwhile. What is there already, whatever it is, is replaced as by replace_file().
// `mode` as in chmod.
Result<void> write_new_file(const std::filesystem::path& path, std::string_view bytes, int mode = 0644);

}  // namespace studyctl
