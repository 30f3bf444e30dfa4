#include "store/appended_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace studyctl {
namespace {

// False after a loss of power that the file did not survive, or when somebody has edited it.
bool holds(const Fd& file, const Checkpoint& checkpoint) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0 || static_cast<uint64_t>(status.st_size) < checkpoint.length)
    return false;
  if (checkpoint.length == 0) return true;
  char last = 0;
  return pread(file.get(), &last, 1, static_cast<off_t>(checkpoint.length - 1)) == 1 && last == '\n';
}

Result<void> write_at(int fd, std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno_error("cannot write");
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return {};
}

}  // namespace

Result<AppendedFile> AppendedFile::open(const std::filesystem::path& path, Checkpoint checkpoint) {
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return errno_error(path.string());
  if (!holds(file, checkpoint)) checkpoint = {};
  if (ftruncate(file.get(), static_cast<off_t>(checkpoint.length)) != 0) return errno_error(path.string());
  return AppendedFile(path, std::move(file), checkpoint);
}

void AppendedFile::add(uint64_t seq, std::string_view line) {
  last_seq_ = std::max(last_seq_, seq);
  pending_ += line;
}

Result<void> AppendedFile::flush() {
  if (Result<void> done = write_at(file_.get(), pending_, written_.length); !done) {
    // A reader must not see half a line for long. Should it fail, the next flush writes at the same place.
    std::error_code ignored;
    std::filesystem::resize_file(path_, written_.length, ignored);
    return std::move(done).error().within(path_.string());
  }
  written_ = {last_seq_, written_.length + pending_.size()};
  pending_.clear();
  return {};
}

Result<void> AppendedFile::sync() {
  if (fsync(file_.get()) != 0) return errno_error(path_.string() + ": cannot sync");
  return {};
}

}  // namespace studyctl
