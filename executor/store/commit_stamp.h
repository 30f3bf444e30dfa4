#pragma once

#include <filesystem>
#include <string>

namespace studyctl {

// Bytes that are others once anybody has committed to a database, or put another in its place; far cheaper
// than to open it. Taken before something is read there, they tell later whether it is still so. Empty where
// there is none.
std::string commit_stamp(const std::filesystem::path& database);

}  // namespace studyctl
