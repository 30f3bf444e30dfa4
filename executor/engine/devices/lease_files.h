#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// A lease of what is no container: a file in the lease directory that counts while somebody holds it. Its
// lock is that of an open file (fcntl(2), "Open file description locks"), which descriptors that are
// inherited share, so it lasts until the last process that has one is gone, however that came.
struct LeaseFile {
  std::string holder;  // the attempt; the file's name, and the marker of its processes
  std::string study;
  std::vector<std::string> devices;  // their names
};

// Makes a lease directory, which all users of the machine share.
void make_lease_directory(const std::filesystem::path& lease_directory);

// Where the lease of `holder` lies in a lease directory.
std::filesystem::path lease_file_of(const std::filesystem::path& lease_directory, const std::string& holder);

// Makes it and holds it. Whoever calls has the lock of the lease directory, and has seen that nobody holds
// the devices.
Result<Fd> take_lease(const std::filesystem::path& lease_directory, const LeaseFile& lease);

// Holds one that somebody holds already, too. Conflict: it is there no more, or given up.
Result<Fd> hold_lease(const std::filesystem::path& file);

// Removes it, unless somebody holds it.
void drop_lease(const std::filesystem::path& file);

// Those that count. What has been given up is removed, where this user may.
std::vector<LeaseFile> read_leases(const std::filesystem::path& lease_directory);

}  // namespace studyctl
