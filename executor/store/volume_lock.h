#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// A run that a controller drives; one that is being begun has no id yet.
struct HeldRun {
  std::string study, run;
};

// Who holds a volume, as written in its lock file.
struct LockHolder {
  int pid = 0;
  std::string host;
  bool is_service = false;  // takes up what is applied, also of other studies
  std::vector<HeldRun> runs{};
  Instant since{};

  // True when it has a controller for this very run.
  bool drives(const std::string& run) const;
};

// This process, from now on, for a run; `what` it is may also be what is done to the volume: "delete nmr".
LockHolder this_holder(const std::string& what, const std::string& run = "");

// "study nmr, pid 4711 on host box since 2026-11-22T14:30:05.000Z", "the service, pid …"
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
