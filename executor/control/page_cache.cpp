#include "control/page_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

struct Dropped {
  uint64_t files = 0, refused = 0;
  int64_t bytes = 0;

  void add(const fs::path& path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat about {};
    if (!file || fstat(file.get(), &about) != 0 ||
        posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED) != 0) {
      ++refused;
      return;
    }
    ++files;
    bytes += about.st_size;
  }
};

}  // namespace

std::string drop_cached_pages(const fs::path& path) {
  Dropped dropped;
  std::error_code failed;
  if (fs::is_regular_file(path, failed)) dropped.add(path);
  if (fs::is_directory(path, failed)) {
    fs::recursive_directory_iterator entry(path, fs::directory_options::skip_permission_denied, failed), end;
    for (; !failed && entry != end; entry.increment(failed)) {
      std::error_code gone;
      if (entry->symlink_status(gone).type() == fs::file_type::regular) dropped.add(entry->path());
    }
  }
  if (failed) return failed.message();
  std::string text = std::to_string(dropped.files) + (dropped.files == 1 ? " file, " : " files, ") +
                     human_bytes(dropped.bytes);
  if (dropped.refused > 0) text += "; " + std::to_string(dropped.refused) + " could not be opened";
  return text;
}

}  // namespace studyctl
