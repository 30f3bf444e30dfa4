#include "store/harvest/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"

namespace studyctl {
namespace {

// The kernel answers EAGAIN when somebody renames while it resolves.
constexpr int kTries = 16;

Fd refused(int code) {
  errno = code;
  return {};
}

}  // namespace

Fd open_beneath(int directory, const std::string& name, int flags) {
  if (name.find('\0') != std::string::npos) return refused(ENOENT);
  open_how how{};
  how.flags = static_cast<unsigned int>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int tried = 0; tried < kTries; ++tried) {
    const long fd = syscall(SYS_openat2, directory, name.c_str(), &how, sizeof(how));
    if (fd >= 0) return Fd(static_cast<int>(fd));
    // A container engine's older filter of system calls says EPERM for the ones it does not know.
    if (errno == ENOSYS || errno == EPERM) return open_beneath_by_steps(directory, name, flags);
    if (errno != EAGAIN && errno != EINTR) return {};
  }
  return {};
}

Fd open_beneath_by_steps(int directory, const std::string& name, int flags) {
  if (name.empty() || name.find('\0') != std::string::npos) return refused(ENOENT);
  if (name.front() == '/') return refused(EXDEV);
  const std::vector<std::string> parts = split(name, '/');
  Fd parent;
  int at = directory;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "..") return refused(EXDEV);
    const std::string& part = parts[i].empty() ? "." : parts[i];
    const bool is_last = i + 1 == parts.size();
    Fd step(openat(at, part.c_str(), (is_last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC));
    if (!step) {
      struct stat status {};
      const int code = errno;
      const bool is_link =
          fstatat(at, part.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
      return refused(is_link ? EXDEV : code);
    }
    struct stat status {};
    if (is_last && (fstat(step.get(), &status) != 0 || S_ISLNK(status.st_mode))) return refused(EXDEV);
    parent = std::move(step);
    at = parent.get();
  }
  return parent;
}

Result<Fd> open_regular(int directory, const std::string& name) {
  const Fd place = open_beneath(directory, name, O_PATH);
  if (!place && (errno == ENOENT || errno == ENOTDIR)) return Error{ErrorCode::NotFound, "no such file"};
  if (!place && (errno == EXDEV || errno == ELOOP))
    return Error{ErrorCode::Invalid, "leads out of the attempt's directory"};
  if (!place) return errno_error("cannot open");
  struct stat status {};
  if (fstat(place.get(), &status) != 0) return errno_error("cannot open");
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::Invalid, "is not a regular file"};
  // Not by its name again: it might be something else by now.
  Fd file(open(("/proc/self/fd/" + std::to_string(place.get())).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return errno_error("cannot open");
  return file;
}

}  // namespace studyctl
