#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace studyctl {

// Makes the kernel forget what it holds of the files at and below `path`, so that they are read from the disk
// again; nothing of any other file. What is being written or mapped stays. Tells what was done, for people:
// "123 files, 4.5 MiB". Takes as long as it takes to list them: for a worker thread.
std::string drop_cached_pages(const std::filesystem::path& path);

}  // namespace studyctl
