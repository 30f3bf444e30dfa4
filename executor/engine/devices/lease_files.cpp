#include "engine/devices/lease_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "engine/process/strays.h"

namespace studyctl {
namespace {

constexpr size_t kLargest = 64u << 10;

struct flock whole_file(short kind) {
  struct flock lock {};
  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  return lock;
}

// F_RDLCK beside others that have it, F_WRLCK alone.
bool lock(const Fd& file, short kind) {
  struct flock wanted = whole_file(kind);
  return fcntl(file.get(), F_OFD_SETLK, &wanted) == 0;
}

bool is_locked(const Fd& file) {
  struct flock lock = whole_file(F_WRLCK);
  return fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

Fd open_existing(const std::filesystem::path& path, int how) {
  return Fd(open(path.c_str(), how | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

// Processes of other users are not asked: their environment cannot be read.
bool has_processes(const Fd& file, const std::string& holder) {
  struct stat found {};
  if (fstat(file.get(), &found) != 0 || (geteuid() != 0 && found.st_uid != geteuid())) return false;
  return is_marked([&holder](const std::string& marker) { return marker == holder; });
}

}  // namespace

void make_lease_directory(const std::filesystem::path& lease_directory) {
  std::error_code ignored;
  if (std::filesystem::create_directories(lease_directory, ignored)) chmod(lease_directory.c_str(), 01777);
}

std::filesystem::path lease_file_of(const std::filesystem::path& lease_directory, const std::string& holder) {
  return lease_directory / "leases" / holder;
}

Result<Fd> take_lease(const std::filesystem::path& lease_directory, const LeaseFile& lease) {
  const std::filesystem::path path = lease_file_of(lease_directory, lease.holder);
  make_lease_directory(path.parent_path());
  unlink(path.c_str());
  Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return errno_error(path.string());
  if (!lock(file, F_RDLCK)) return errno_error(path.string());
  if (auto written = write_all(file.get(), lease.study + "\n" + join(lease.devices, "\n")); !written)
    return std::move(written).error().within(path.string());
  return file;
}

Result<Fd> hold_lease(const std::filesystem::path& file) {
  Fd held = open_existing(file, O_RDONLY);
  struct stat found {};
  if (held && lock(held, F_RDLCK) && fstat(held.get(), &found) == 0 && found.st_nlink > 0) return held;
  return Error{ErrorCode::Conflict, "the lease of its devices was given up (" + file.string() + ")"};
}

// The exclusive lock keeps those out who would hold it meanwhile.
void drop_lease(const std::filesystem::path& path) {
  const Fd file = open_existing(path, O_RDWR);
  if (file && lock(file, F_WRLCK)) unlink(path.c_str());
}

std::vector<LeaseFile> read_leases(const std::filesystem::path& lease_directory) {
  std::vector<LeaseFile> leases;
  std::error_code failed;
  std::filesystem::directory_iterator entry(lease_directory / "leases", failed), end;
  for (; !failed && entry != end; entry.increment(failed)) {
    const std::filesystem::path path = entry->path();
    const std::string holder = path.filename().string();
    const Fd file = open_existing(path, O_RDONLY);
    if (!file) continue;
    if (!is_locked(file) && !has_processes(file, holder)) {
      drop_lease(path);
      continue;
    }
    const auto text = read_file(path, kLargest);
    const std::vector<std::string> lines = text ? split(*text, '\n') : std::vector<std::string>();
    if (lines.empty()) continue;
    LeaseFile lease{holder, lines.front(), {}};
    lease.devices.assign(lines.begin() + 1, lines.end());
    leases.push_back(std::move(lease));
  }
  return leases;
}

}  // namespace studyctl
