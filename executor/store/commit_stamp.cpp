#include "store/commit_stamp.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/fd.h"

namespace studyctl {
namespace {

// Of a WAL's index the header, which has a counter and checksums of what was committed; of a database without
// one the header with its change counter (sqlite.org/walformat.html, fileformat2.html).
constexpr size_t kIndexHeader = 48;
constexpr size_t kDatabaseHeader = 100;

void append(std::string& to, int64_t number) {
  to += std::to_string(number) + " ";
}

// Who the file is, and its first bytes; false where it is not there.
bool append(std::string& to, const std::filesystem::path& file, size_t size) {
  const Fd descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (!descriptor || fstat(descriptor.get(), &about) != 0) return false;
  append(to, static_cast<int64_t>(about.st_ino));
  std::array<char, kDatabaseHeader> bytes{};
  const ssize_t got = pread(descriptor.get(), bytes.data(), size, 0);
  if (got > 0) to.append(bytes.data(), static_cast<size_t>(got));
  return true;
}

}  // namespace

std::string commit_stamp(const std::filesystem::path& database) {
  struct stat about {};
  if (stat(database.c_str(), &about) != 0) return "";
  std::string stamp;
  for (const int64_t number : {static_cast<int64_t>(about.st_ino), static_cast<int64_t>(about.st_size),
                               static_cast<int64_t>(about.st_mtim.tv_sec), about.st_mtim.tv_nsec})
    append(stamp, number);
  const bool has_index = append(stamp, database.string() + "-shm", kIndexHeader);
  return has_index || append(stamp, database, kDatabaseHeader) ? stamp : "";
}

}  // namespace studyctl
