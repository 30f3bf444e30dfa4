#include "store/status_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"

namespace studyctl {

bool StatusFile::due(RunState state) const {
  return failed_at_ || state_ != state || !written_at_ || clock_.steady() >= next_due();
}

Steady StatusFile::next_due() const {
  // A disk that is full, or a directory that has gone, is not asked over and over.
  if (failed_at_) return *failed_at_ + kShortestInterval;
  if (!written_at_) return clock_.steady();
  return *written_at_ + (changed_ ? kShortestInterval : kHeartbeat);
}

Result<void> StatusFile::write(const Status& status) {
  if (auto replaced = replace(status); !replaced) {
    failed_at_ = clock_.steady();
    return replaced;
  }
  failed_at_.reset();
  state_ = status.state;
  written_at_ = clock_.steady();
  changed_ = false;
  return {};
}

Result<void> StatusFile::replace(const Status& status) const {
  const std::string json = to_json(status);
  // What stays is worth a sync; while it runs the next one follows in moments.
  if (is_final(status.state)) return write_file_atomically(path_, json);
  const std::string beside = path_.string() + ".new";
  const Fd file(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return errno_error(path_.string());
  Result<void> done = write_all(file.get(), json);
  if (done && rename(beside.c_str(), path_.c_str()) != 0) done = errno_error("cannot rename");
  if (done) return {};
  unlink(beside.c_str());
  return std::move(done).error().within(path_.string());
}

Result<Status> read_status(const std::filesystem::path& path) {
  Result<std::string> text = read_file(path, size_t{4} << 20);
  if (!text) return std::move(text).error();
  Result<Status> status = status_from_json(*text);
  if (!status) return std::move(status).error().within(path.string());
  return status;
}

}  // namespace studyctl
