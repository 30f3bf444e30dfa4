#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// Who holds a volume, as written in its lock file.
struct LockHolder {
  int pid = 0;
  std::string host;
  std::string study;
  std::string run;
  Instant since;
};

// "study nmr, pid 4711 on host box since 2026-11-22T14:30:05.000Z"
std::string describe(const LockHolder& holder);

// One controller a volume. The kernel drops the lock when its holder dies, however it dies.
class VolumeLock {
 public:
  // Conflict names the holder; Unavailable where the file system knows no locks.
  static Result<VolumeLock> take(const std::filesystem::path& file, const LockHolder& holder);
  // Nothing when nobody holds it now, whatever is written there.
  static std::optional<LockHolder> holder_of(const std::filesystem::path& file);

  // The same controller turns to another study or run.
  Result<void> rename(const LockHolder& holder);

 private:
  explicit VolumeLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

}  // namespace studyctl
