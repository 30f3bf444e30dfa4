#include "carry/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/fd.h"
#include "base/text.h"
#include "carry/pack.h"
#include "carry/tar.h"

namespace studyctl {
namespace {

constexpr size_t kPiece = 256 << 10;
constexpr size_t kDeepest = 64;  // what is deeper is synced and removed by nobody
constexpr size_t kLongestPath = 3000;

Error refused(const std::string& path, const std::string& why) {
  return {ErrorCode::Invalid, printable(path) + ": " + why};
}

Error failed(const std::string& path) {
  return {ErrorCode::Unavailable, errno_error(printable(path)).message};
}

bool is_name(const std::string& part) {
  return !part.empty() && part != "." && part != ".." && part.size() <= 255;
}

timespec at(int64_t seconds) {
  return {static_cast<time_t>(seconds), 0};
}

class Unpacking {
 public:
  Unpacking(Fd root, const std::function<bool(const std::string&)>& takes)
      : root_(std::move(root)), takes_(takes) {}

  Result<void> add(const TarEntry& entry, TarReader& reader) {
    const std::vector<std::string> parts = split(entry.path, '/');
    if (entry.path.size() > kLongestPath || parts.size() > kDeepest)
      return refused(entry.path.substr(0, 100) + "…", "is a path too long to be carried");
    if (!std::all_of(parts.begin(), parts.end(), is_name))
      return refused(entry.path, "is a path that leads out of its directory");
    if (!takes_(parts.front())) return refused(entry.path, "is in a place that nothing is carried to");
    auto parent = parent_of(parts, entry.path);
    if (!parent) return std::move(parent).error();
    const std::string& name = parts.back();
    switch (entry.kind) {
      case TarEntry::Kind::File: return add_file(parent->get(), name, entry, reader);
      case TarEntry::Kind::Directory: return add_directory(parent->get(), name, entry);
      case TarEntry::Kind::Link: break;
    }
    if (parts.size() < 2 || !stays_within(entry.target, parts.size() - 2))
      return refused(entry.path, "is a link that leads out of its directory");
    if (symlinkat(entry.target.c_str(), parent->get(), name.c_str()) == 0) return {};
    return errno == EEXIST ? refused(entry.path, "is there twice") : failed(entry.path);
  }

  // Directories are closed last: one that may not be written to has been filled by then.
  Result<void> finish() {
    for (auto made = directories_.rbegin(); made != directories_.rend(); ++made) {
      const std::vector<std::string> parts = split(made->path, '/');
      auto parent = parent_of(parts, made->path);
      if (!parent) return std::move(parent).error();
      const timespec times[] = {at(made->modified), at(made->modified)};
      if (fchmodat(parent->get(), parts.back().c_str(), static_cast<mode_t>(made->mode | 0700), 0) != 0 ||
          utimensat(parent->get(), parts.back().c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(made->path);
    }
    return {};
  }

 private:
  // Each part is a directory that was made here, and no link.
  Result<Fd> parent_of(const std::vector<std::string>& parts, const std::string& path) {
    Fd directory(dup(root_.get()));
    if (!directory) return failed(path);
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      Fd below(openat(directory.get(), parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!below && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return refused(path, "lies in what is no directory");
      if (!below) return failed(path);
      directory = std::move(below);
    }
    return directory;
  }

  Result<void> add_directory(int parent, const std::string& name, const TarEntry& entry) {
    if (mkdirat(parent, name.c_str(), 0700) != 0)
      return errno == EEXIST ? refused(entry.path, "is there twice") : failed(entry.path);
    directories_.push_back(entry);
    return {};
  }

  static Result<void> add_file(int parent, const std::string& name, const TarEntry& entry,
                               TarReader& reader) {
    Fd file(openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return errno == EEXIST ? refused(entry.path, "is there twice") : failed(entry.path);
    while (true) {
      auto piece = reader.bytes(kPiece);
      if (!piece) return std::move(piece).error();
      if (piece->empty()) break;
      if (auto written = write_all(file.get(), *piece); !written) return failed(entry.path);
    }
    const timespec times[] = {at(entry.modified), at(entry.modified)};
    if (fchmod(file.get(), static_cast<mode_t>(entry.mode | 0600)) != 0 || futimens(file.get(), times) != 0)
      return failed(entry.path);
    return {};
  }

  const Fd root_;
  const std::function<bool(const std::string&)>& takes_;
  std::vector<TarEntry> directories_;
};

Result<size_t> read_from(int file, char* to, size_t size) {
  size_t got = 0;
  while (got < size) {
    const ssize_t now = read(file, to + got, size - got);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return errno_error("the archive");
    if (now == 0) break;
    got += static_cast<size_t>(now);
  }
  return got;
}

}  // namespace

Result<void> unpack(int archive, const std::filesystem::path& directory,
                    const std::function<bool(const std::string& place)>& takes) {
  Fd root(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return errno_error(directory.string());
  Unpacking unpacking(std::move(root), takes);
  TarReader reader([archive](char* to, size_t size) { return read_from(archive, to, size); });
  while (true) {
    auto entry = reader.next();
    if (!entry) return std::move(entry).error();
    if (!*entry) return unpacking.finish();
    if (auto added = unpacking.add(**entry, reader); !added) return added;
  }
}

}  // namespace studyctl
