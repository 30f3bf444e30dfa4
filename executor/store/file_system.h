#pragma once

#include <filesystem>

namespace studyctl {

// True where other hosts may see the same files, or where shared memory maps are not to be trusted (NFS, SMB,
// FUSE, 9p, Lustre …). False when it cannot be told.
bool is_on_network(const std::filesystem::path& path);

}  // namespace studyctl
