#include "io/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <functional>
#include <optional>
#include <string>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr const char* kOut = "stdout.log";
constexpr const char* kErr = "stderr.log";
constexpr const char* kIndex = "log.idx";
constexpr size_t kLongestLine = 256;
constexpr int kTries = 5;

// Looks before it opens: a device that a workload put there could act when it is opened. Nothing (with errno)
// when it has to be tried again or cannot be.
Fd try_open(const Fd& directory, const char* name) {
  const Fd place(openat(directory.get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!place && errno != ENOENT) return Fd();
  if (!place) {
    return Fd(openat(directory.get(), name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  }
  struct stat status {};
  if (fstat(place.get(), &status) != 0) return Fd();
  if (!S_ISREG(status.st_mode)) {
    if (unlinkat(directory.get(), name, 0) == 0) errno = EEXIST;
    return Fd();
  }
  return Fd(::open(("/proc/self/fd/" + std::to_string(place.get())).c_str(), O_RDWR | O_CLOEXEC));
}

Result<Fd> open_in(const Fd& directory, const char* name) {
  for (int i = 0; i < kTries; ++i) {
    Fd fd = try_open(directory, name);
    if (fd) return fd;
    if (errno != EEXIST) break;
  }
  return errno_error(name);
}

Result<uint64_t> size_of(const Fd& fd, const char* name) {
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return errno_error(name);
  return static_cast<uint64_t>(status.st_size);
}

Result<void> cut(const Fd& fd, uint64_t size, const char* name) {
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
    return errno_error(std::string(name) + ": cannot cut");
  return {};
}

// At `offset`, whatever others did to the file's end; cuts it there again when that fails.
Result<void> write_at(const Fd& fd, std::string_view bytes, uint64_t offset, const char* name) {
  uint64_t at = offset;
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      Error error = errno_error(std::string(name) + ": cannot write");
      const auto ignored = cut(fd, offset, name);
      return error;
    }
    bytes.remove_prefix(static_cast<size_t>(put));
    at += static_cast<uint64_t>(put);
  }
  return {};
}

struct IndexEntry {
  LogStream stream = LogStream::Stdout;
  uint64_t offset = 0, length = 0;
};

std::optional<IndexEntry> parse_entry(std::string_view line) {
  std::array<uint64_t, 3> numbers{};
  const char* at = line.data();
  const char* const end = line.data() + line.size();
  for (uint64_t& number : numbers) {
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ' ') return std::nullopt;
    at = parsed.ptr + 1;
  }
  if (numbers[0] != 1 && numbers[0] != 2) return std::nullopt;
  return IndexEntry{static_cast<LogStream>(numbers[0]), numbers[1], numbers[2]};
}

// Whole lines without their ends, until `take` has enough.
Result<void> for_each_line(const Fd& index, const std::function<bool(std::string_view)>& take) {
  std::string window;
  std::array<char, 65536> buffer;
  for (off_t at = 0; window.size() <= kLongestLine;) {
    const ssize_t got = pread(index.get(), buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(kIndex);
    if (got == 0) break;
    at += got;
    window.append(buffer.data(), static_cast<size_t>(got));
    size_t begin = 0;
    for (size_t end = 0; (end = window.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!take(std::string_view(window).substr(begin, end - begin))) return {};
    }
    window.erase(0, begin);
  }
  return {};
}

}  // namespace

Result<LogFiles> LogFiles::open(const std::filesystem::path& directory) {
  const Fd place(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!place) return errno_error(directory.string());
  LogFiles files;
  for (const auto& [fd, name] :
       {std::pair(&files.out_, kOut), {&files.err_, kErr}, {&files.index_, kIndex}}) {
    auto opened = open_in(place, name);
    if (!opened) return std::move(opened).error().within(directory.string());
    *fd = std::move(*opened);
  }
  if (auto recovered = files.recover(); !recovered) {
    return std::move(recovered).error().within(directory.string());
  }
  return files;
}

// Believes the index as far as each line goes on where the one before ended, and the logs have the bytes.
Result<void> LogFiles::recover() {
  const auto out = size_of(out_, kOut);
  const auto err = size_of(err_, kErr);
  const auto index = size_of(index_, kIndex);
  for (const auto* size : {&out, &err, &index}) {
    if (!*size) return size->error();
  }
  const auto take = [&](std::string_view line) {
    const auto entry = parse_entry(line);
    if (!entry) return false;
    const bool is_out = entry->stream == LogStream::Stdout;
    uint64_t& size = is_out ? out_size_ : err_size_;
    if (entry->offset != size || entry->length > (is_out ? *out : *err) - size) return false;
    size += entry->length;
    index_size_ += line.size() + 1;
    return true;
  };
  if (auto read = for_each_line(index_, take); !read) return read;
  if (out_size_ != *out) {
    if (auto done = cut(out_, out_size_, kOut); !done) return done;
  }
  if (err_size_ != *err) {
    if (auto done = cut(err_, err_size_, kErr); !done) return done;
  }
  return index_size_ == *index ? Result<void>() : cut(index_, index_size_, kIndex);
}

uint64_t LogFiles::size(LogStream stream) const {
  return stream == LogStream::Stdout ? out_size_ : err_size_;
}

Result<void> LogFiles::append(LogStream stream, std::string_view bytes, Instant at) {
  if (bytes.empty()) return {};
  const bool is_out = stream == LogStream::Stdout;
  const char* const name = is_out ? kOut : kErr;
  const Fd& log = is_out ? out_ : err_;
  uint64_t& size = is_out ? out_size_ : err_size_;
  const std::string line = std::to_string(static_cast<int>(stream)) + " " + std::to_string(size) + " " +
                           std::to_string(bytes.size()) + " " + format_instant(at) + "\n";
  if (auto written = write_at(log, bytes, size, name); !written) return written;
  if (auto written = write_at(index_, line, index_size_, kIndex); !written) {
    const auto ignored = cut(log, size, name);
    return written;
  }
  size += bytes.size();
  index_size_ += line.size();
  return {};
}

Result<void> LogFiles::sync() {
  for (const auto& [fd, name] : {std::pair(&out_, kOut), {&err_, kErr}, {&index_, kIndex}}) {
    if (fdatasync(fd->get()) != 0) return errno_error(std::string(name) + ": cannot sync");
  }
  return {};
}

}  // namespace studyctl
