#include "carry/pack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kRead = 64 << 10;
constexpr size_t kMostLeftOut = 20;  // that are named

Error unreadable(const std::string& name, const std::string& why) {
  return {ErrorCode::Invalid, printable(name) + ": " + why};
}

// "2/deep/x" → "deep/x", for people
std::string name_in_place(const std::string& name) {
  const size_t slash = name.find('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

}  // namespace

bool stays_within(const std::string& target, size_t depth) {
  if (target.starts_with('/')) return false;
  bool leads_up = true;
  size_t up = 0;
  for (const std::string& part : split(target, '/')) {
    if (part == "..") {
      // Behind a name, which may be another link, it is not known what it leads up from.
      if (!leads_up || ++up > depth) return false;
    } else if (!part.empty() && part != ".") {
      leads_up = false;
    }
  }
  return true;
}

Packer::Packer(std::vector<PackedPlace> places) : places_(std::move(places)) {}

void Packer::leave_out(const std::string& name, const std::string& why) {
  if (left_out_.size() < kMostLeftOut) left_out_.push_back(printable(name_in_place(name)) + ": " + why);
}

Result<std::string> Packer::next(size_t least) {
  while (!is_over_ && piece_.size() < least) {
    auto added = add_more();
    if (!added) return std::move(added).error();
    if (*added) continue;
    piece_ += tar_end();
    is_over_ = true;
  }
  std::string piece = std::exchange(piece_, {});
  hash_.update(piece);
  size_ += piece.size();
  return piece;
}

// False: there is nothing more.
Result<bool> Packer::add_more() {
  if (file_) {
    if (auto read = add_bytes(); !read) return std::move(read).error();
    return true;
  }
  if (walk_ == std::filesystem::recursive_directory_iterator()) {
    if (place_ == places_.size()) return false;
    if (auto begun = begin_place(); !begun) return std::move(begun).error();
    return true;
  }
  const std::filesystem::path path = walk_->path();
  const PackedPlace& place = places_[place_ - 1];
  const std::string name = place.name + "/" + path.lexically_relative(place.path).string();
  if (auto added = add(path, name); !added) return std::move(added).error();
  std::error_code error;
  walk_.increment(error);
  if (error) return unreadable(name_in_place(name), error.message());
  return true;
}

Result<void> Packer::begin_place() {
  const PackedPlace& place = places_[place_++];
  struct stat about {};
  if (lstat(place.path.c_str(), &about) != 0) {
    if (errno == ENOENT) return {};
    return unreadable(place.path.string(), errno_error("cannot be read").message);
  }
  if (!S_ISDIR(about.st_mode)) return add(place.path, place.name);
  TarEntry entry;
  entry.kind = TarEntry::Kind::Directory;
  entry.path = place.name;
  entry.mode = place.mode.value_or(static_cast<int>(about.st_mode & 0777));
  entry.modified = about.st_mtim.tv_sec;
  piece_ += tar_header(entry);
  if (place.is_empty) return {};
  std::error_code error;
  walk_ = std::filesystem::recursive_directory_iterator(place.path, error);
  if (error) return unreadable(place.path.string(), error.message());
  return {};
}

Result<void> Packer::add(const std::filesystem::path& path, const std::string& name) {
  struct stat about {};
  if (lstat(path.c_str(), &about) != 0) return unreadable(name_in_place(name), errno_error("lstat").message);
  TarEntry entry;
  entry.path = name;
  entry.mode = static_cast<int>(about.st_mode & 0777);
  entry.modified = about.st_mtim.tv_sec;
  if (S_ISREG(about.st_mode)) return begin_file(path, std::move(entry));
  if (S_ISDIR(about.st_mode)) {
    entry.kind = TarEntry::Kind::Directory;
    piece_ += tar_header(entry);
    return {};
  }
  if (!S_ISLNK(about.st_mode)) {
    leave_out(name, "is a device, a pipe or a socket");
    return {};
  }
  std::error_code error;
  entry.kind = TarEntry::Kind::Link;
  entry.target = std::filesystem::read_symlink(path, error).string();
  const size_t depth = static_cast<size_t>(std::count(name.begin(), name.end(), '/')) - 1;
  if (error || entry.target.empty() || !stays_within(entry.target, depth)) {
    leave_out(name, "is a link that leads out of its directory");
    return {};
  }
  piece_ += tar_header(entry);
  return {};
}

Result<void> Packer::begin_file(const std::filesystem::path& path, TarEntry entry) {
  file_name_ = name_in_place(entry.path);
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat about {};
  if (!file || fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return Error{ErrorCode::Invalid, errno_error(printable(file_name_)).message};
  entry.size = static_cast<uint64_t>(about.st_size);
  piece_ += tar_header(entry);
  file_size_ = file_left_ = entry.size;
  file_ = std::move(file);
  return {};
}

// As many as the header has said: one that grows meanwhile is cut, one that shrinks ends with zeros.
Result<void> Packer::add_bytes() {
  if (file_left_ == 0) {
    piece_ += tar_padding(file_size_);
    file_ = Fd();
    return {};
  }
  std::array<char, kRead> buffer;
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(file_left_, buffer.size()));
  ssize_t got = read(file_.get(), buffer.data(), wanted);
  if (got < 0 && errno == EINTR) return {};
  if (got < 0) return Error{ErrorCode::Invalid, errno_error(printable(file_name_)).message};
  if (got == 0) {
    std::fill_n(buffer.begin(), wanted, '\0');
    got = static_cast<ssize_t>(wanted);
  }
  piece_.append(buffer.data(), static_cast<size_t>(got));
  file_left_ -= static_cast<uint64_t>(got);
  return {};
}

}  // namespace studyctl
