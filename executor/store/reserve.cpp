#include "store/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"

namespace studyctl {

bool Reserve::held() const {
  struct stat status {};
  return stat(file_.c_str(), &status) == 0 && status.st_size == kBytes;
}

Result<void> Reserve::fill() const {
  if (held()) return {};
  const Fd file(open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return errno_error(file_.string());
  const int code = posix_fallocate(file.get(), 0, kBytes);
  if (code == 0) return {};
  // Half a reserve would take what others could use.
  unlink(file_.c_str());
  errno = code;
  return errno_error(file_.string());
}

void Reserve::release() const {
  unlink(file_.c_str());
}

}  // namespace studyctl
