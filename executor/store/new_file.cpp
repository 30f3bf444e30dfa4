#include "store/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"

namespace studyctl {

// A name beside it costs a rename, which is most of what a small file costs.
Result<void> write_new_file(const std::filesystem::path& path, std::string_view bytes, int mode) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) return replace_file(path, bytes, mode);
  if (!file) return errno_error(path.string());
  Result<void> done = write_all(file.get(), bytes);
  // umask has its say in open(), not here.
  if (done && fchmod(file.get(), static_cast<mode_t>(mode)) != 0) done = errno_error("cannot set its mode");
  if (done) return {};
  unlink(path.c_str());
  return std::move(done).error().within(path.string());
}

}  // namespace studyctl
