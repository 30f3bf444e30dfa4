#include "store/keep_mark.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "KEEP";

}  // namespace

std::optional<std::string> keep_mark(const fs::path& run_directory) {
  const fs::path file = run_directory / kName;
  std::error_code failed;
  if (!fs::exists(fs::symlink_status(file, failed))) return std::nullopt;
  return printable(trim(read_or_empty(file)));
}

Result<Fd> hold_marks(const ResultsVolume& volume) {
  const fs::path file = volume.private_directory() / "marks.lock";
  Fd lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!lock || flock(lock.get(), LOCK_EX) != 0) return errno_error(file.string());
  return lock;
}

Result<void> set_keep_mark(const ResultsVolume& volume, const fs::path& run_directory,
                           const std::string& says) {
  const auto lock = hold_marks(volume);
  if (!lock) return lock.error();
  std::error_code failed;
  if (!fs::exists(run_directory, failed))
    return Error{ErrorCode::NotFound, run_directory.string() + ": is there no more"};
  return write_file_atomically(run_directory / kName, says + "\n");
}

Result<void> clear_keep_mark(const ResultsVolume& volume, const fs::path& run_directory) {
  const auto lock = hold_marks(volume);
  if (!lock) return lock.error();
  const fs::path file = run_directory / kName;
  if (unlink(file.c_str()) != 0 && errno != ENOENT) return errno_error(file.string());
  return {};
}

}  // namespace studyctl
