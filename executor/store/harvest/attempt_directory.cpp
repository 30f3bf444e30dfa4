#include "store/harvest/attempt_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "base/text.h"
#include "store/harvest/beneath.h"

namespace studyctl {
namespace {

constexpr size_t kMostEntries = 100'000;
constexpr size_t kMostParts = 16;
constexpr std::array<std::string_view, 7> kOwnFiles = {"stdout.log",         "stderr.log",  "log.idx",
                                                       "attempt.json",       "command.txt", "init-*.log",
                                                       "termination-message"};

bool is_own_file(std::string_view name) {
  return std::any_of(kOwnFiles.begin(), kOwnFiles.end(),
                     [&](std::string_view own) { return glob_match(own, name); });
}

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

std::optional<mode_t> type_of(int directory, const std::string& name) {
  const Fd file = open_beneath(directory, name, O_PATH);
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) return std::nullopt;
  return status.st_mode & S_IFMT;
}

// Whether `name` is there at all, be it something that open_file() refuses.
bool is_there(int directory, const std::string& name) {
  return open_beneath(directory, name, O_PATH) || (errno != ENOENT && errno != ENOTDIR);
}

// One search for a pattern with wildcards.
class Search {
 public:
  explicit Search(int root) : root_(root) {}

  void expand(const std::string& prefix, std::span<const std::string> parts) {
    const std::string& part = parts.front();
    if (!has_wildcard(part)) return descend(prefix + part, parts);
    for (const std::string& name : list(prefix)) {
      if (name.front() == '.' && part.front() != '.') continue;
      if (prefix.empty() && is_own_file(name)) continue;
      const bool compressed = parts.size() == 1 && name.ends_with(".gz") &&
                              glob_match(part, std::string_view(name).substr(0, name.size() - 3));
      if (compressed || glob_match(part, name)) descend(prefix + name, parts);
    }
  }

  std::vector<std::string> found() const {
    std::vector<std::string> names;
    for (const std::string& name : found_) {
      if (name.ends_with(".gz") && found_.contains(name.substr(0, name.size() - 3))) continue;
      names.push_back(name);
    }
    return names;
  }

 private:
  void descend(const std::string& path, std::span<const std::string> parts) {
    if (parts.size() > 1) return expand(path + "/", parts.subspan(1));
    if (type_of(root_, path) == S_IFREG) found_.insert(path);
    if (!has_wildcard(parts.front()) && type_of(root_, path + ".gz") == S_IFREG) found_.insert(path + ".gz");
  }

  std::vector<std::string> list(const std::string& prefix) {
    std::vector<std::string> names;
    Fd fd = open_beneath(root_, prefix.empty() ? "." : prefix, O_RDONLY | O_DIRECTORY);
    if (!fd) return names;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(fd.get()), closedir);
    if (!stream) return names;
    fd.release();
    while (const dirent* entry = readdir(stream.get())) {
      const std::string_view name = static_cast<const char*>(entry->d_name);
      if (name == "." || name == "..") continue;
      if (++entries_ > kMostEntries) break;
      names.emplace_back(name);
    }
    return names;
  }

  int root_;
  size_t entries_ = 0;
  std::set<std::string> found_;
};

}  // namespace

Result<AttemptDirectory> AttemptDirectory::open(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return errno_error(path.string());
  return AttemptDirectory(std::move(fd));
}

Result<AttemptDirectory::File> AttemptDirectory::open_file(const std::string& name) const {
  auto fd = open_regular(fd_.get(), name);
  if (!fd) return std::move(fd).error();
  struct stat status {};
  if (fstat(fd->get(), &status) != 0) return errno_error("cannot open");
  return File{std::move(*fd), static_cast<uint64_t>(status.st_size)};
}

bool AttemptDirectory::contains(const std::string& name) const {
  const std::optional<mode_t> type = type_of(fd_.get(), name);
  return type == S_IFREG || type == S_IFDIR;
}

std::vector<std::string> AttemptDirectory::find(const std::string& pattern) const {
  if (pattern.empty()) return {};
  if (!has_wildcard(pattern)) {
    if (is_there(fd_.get(), pattern)) return {pattern};
    return is_there(fd_.get(), pattern + ".gz") ? std::vector<std::string>{pattern + ".gz"}
                                                : std::vector<std::string>{};
  }
  std::vector<std::string> parts;
  for (const std::string& part : split(pattern, '/')) {
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  if (pattern.front() == '/' || parts.empty() || parts.size() > kMostParts) return {};
  Search search(fd_.get());
  search.expand("", parts);
  return search.found();
}

}  // namespace studyctl
