#include "base/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace studyctl {
namespace {

// Of an open file that is about to become `path`.
Result<void> fill(const Fd& file, std::string_view bytes, int mode, bool is_synced) {
  if (fchmod(file.get(), static_cast<mode_t>(mode)) != 0) return errno_error("cannot set its mode");
  if (auto written = write_all(file.get(), bytes); !written) return written;
  if (is_synced && fsync(file.get()) != 0) return errno_error("cannot sync");
  return {};
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

Result<void> replace(const std::filesystem::path& path, std::string_view bytes, int mode, bool is_synced) {
  std::string beside = (directory_of(path) / ".studyctl-tmp-XXXXXX").string();
  const Fd file(mkostemp(beside.data(), O_CLOEXEC));
  if (!file) return errno_error(path.string());
  Result<void> done = fill(file, bytes, mode, is_synced);
  if (done && rename(beside.c_str(), path.c_str()) != 0) done = errno_error("cannot rename");
  if (done) return {};
  unlink(beside.c_str());
  return std::move(done).error().within(path.string());
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) close(fd_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

Error errno_error(std::string_view what) {
  const int code = errno;
  return {code == ENOENT ? ErrorCode::NotFound : ErrorCode::Unavailable,
          std::string(what) + ": " + std::generic_category().message(code)};
}

Result<std::string> read_file(const std::filesystem::path& path, size_t limit) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ELOOP)
    return Error{ErrorCode::Invalid, path.string() + ": is a symbolic link, not a file"};
  if (!file) return errno_error(path.string());
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return errno_error(path.string());
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::Invalid, path.string() + ": is not a regular file"};

  std::string content;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(path.string());
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(got));
    if (content.size() > limit) {
      return Error{ErrorCode::Invalid,
                   path.string() + ": is longer than " + std::to_string(limit) + " bytes"};
    }
  }
}

std::string read_or_empty(const std::filesystem::path& path) {
  auto content = read_file(path);
  return content ? *std::move(content) : std::string();
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno_error("cannot write");
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return {};
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes, int mode) {
  if (auto replaced = replace(path, bytes, mode, true); !replaced) return replaced;
  return sync_directory(directory_of(path));
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes, int mode) {
  return replace(path, bytes, mode, false);
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const Fd handle(open(directory.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!handle) return errno_error(directory.string());
  if (fsync(handle.get()) != 0) return errno_error(directory.string() + ": cannot sync");
  return {};
}

}  // namespace studyctl
