#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace studyctl {

// Owns a file descriptor and closes it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// An Error made of errno: "<what>: No space left on device". ENOENT is NotFound, everything else Unavailable.
Error errno_error(std::string_view what);

// The whole file, `limit` bytes at most (longer is an error). Never follows a symbolic link at its last part,
// never blocks on a pipe or a device: only regular files are read.
Result<std::string> read_file(const std::filesystem::path& path, size_t limit = 64u << 20);
// For /proc and /sys: empty where it cannot be read, also because the process has gone since it was opened.
std::string read_or_empty(const std::filesystem::path& path);

// Replaces `path` whole: written beside it, synced, renamed; a reader sees the old or the new. `mode` as in
// chmod.
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes,
                                   int mode = 0644);
// The same, not synced: for what is made durable later, with all that lies beside it.
Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes, int mode = 0644);

// All of `bytes`, over short writes and EINTR.
Result<void> write_all(int fd, std::string_view bytes);

Result<void> sync_directory(const std::filesystem::path& directory);

}  // namespace studyctl
