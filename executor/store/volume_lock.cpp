#include "store/volume_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "store/process_identity.h"
#include "store/volume_lock_json.h"

namespace studyctl {
namespace {

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// It may be half written by whoever has just taken it.
std::optional<LockHolder> written_holder(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, 65536);
  return text ? holder_from_json(*text) : std::nullopt;
}

Error held_by(const std::filesystem::path& file) {
  const std::optional<LockHolder> holder = written_holder(file);
  return {ErrorCode::Conflict,
          "the results volume is held by " + (holder ? describe(*holder) : "another controller")};
}

}  // namespace

bool LockHolder::drives(const std::string& run) const {
  return std::any_of(runs.begin(), runs.end(), [&](const HeldRun& held) { return held.run == run; });
}

LockHolder this_holder(const std::string& what, const std::string& run) {
  return {getpid(), this_process().host, false, {{what, run}}, SystemClock().now()};
}

std::string describe(const LockHolder& holder) {
  std::string what = "the service";
  if (!holder.is_service) what = "study " + (holder.runs.empty() ? "?" : holder.runs.front().study);
  return what + ", pid " + std::to_string(holder.pid) + " on host " + holder.host + " since " +
         format_instant(holder.since);
}

Result<VolumeLock> VolumeLock::take(const std::filesystem::path& file, const LockHolder& holder) {
  Fd descriptor(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!descriptor) return errno_error(file.string());
  // Of the open file, not of the process: another part of this process that opens and closes the file drops
  // nothing.
  struct flock lock = whole_file();
  if (fcntl(descriptor.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return held_by(file);
    return errno_error(file.string() + ": its file system knows no locks; put --results on another one");
  }
  VolumeLock taken(std::move(descriptor));
  if (Result<void> written = taken.rename(holder); !written) return std::move(written).error();
  return taken;
}

std::optional<LockHolder> VolumeLock::holder_of(const std::filesystem::path& file) {
  const Fd descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!descriptor) return std::nullopt;
  struct flock lock = whole_file();
  lock.l_type = F_RDLCK;
  if (fcntl(descriptor.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
  return written_holder(file).value_or(LockHolder{});
}

Result<void> VolumeLock::rename(const LockHolder& holder) {
  const std::string text = holder_to_json(holder) + "\n";
  if (pwrite(file_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return errno_error("cannot write the volume's lock file");
  if (ftruncate(file_.get(), static_cast<off_t>(text.size())) != 0)
    return errno_error("cannot write the volume's lock file");
  return {};
}

}  // namespace studyctl
