#include "store/harvest/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "base/fd.h"

namespace studyctl {
namespace {

constexpr int kDeepest = 64;

class Walk {
 public:
  Walk(uint64_t most_entries, const std::function<void(const TreeEntry&)>& visit)
      : left_(most_entries), visit_(visit) {}

  // `fd` is the directory to read, and is closed.
  bool below(Fd fd, int depth) {
    const int directory = fd.get();
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(directory), closedir);
    if (!stream) return false;
    fd.release();
    bool whole = true;
    while (const dirent* entry = readdir(stream.get())) {
      const char* name = static_cast<const char*>(entry->d_name);
      if (name == std::string_view(".") || name == std::string_view("..")) continue;
      struct stat status {};
      if (left_ == 0) return false;
      --left_;
      // What has gone meanwhile is not missing.
      if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (S_ISDIR(status.st_mode)) {
        if (!descend(directory, name, depth)) whole = false;
      }
      visit_({directory, name, status});
    }
    return whole;
  }

 private:
  bool descend(int directory, const char* name, int depth) {
    if (depth == kDeepest) return false;
    Fd child(openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!child) return false;
    return below(std::move(child), depth + 1);
  }

  uint64_t left_;
  const std::function<void(const TreeEntry&)>& visit_;
};

}  // namespace

bool walk_tree(int directory, uint64_t most_entries, const std::function<void(const TreeEntry&)>& visit) {
  Fd top(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top) return false;
  const bool whole = Walk(most_entries, visit).below(std::move(top), 1);
  struct stat status {};
  if (fstat(directory, &status) != 0) return false;
  visit({directory, ".", status});
  return whole;
}

}  // namespace studyctl
