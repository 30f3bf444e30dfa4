#include "store/volume.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "store/file_system.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

// One sentence that says what to do.
Error cannot_write(const fs::path& results, const std::error_code& error) {
  const std::string name = results.string();
  if (error == std::errc::read_only_file_system)
    return {ErrorCode::Unavailable,
            name + ": is on a read-only file system; mount it writable or choose another with --results DIR"};
  if (error == std::errc::permission_denied)
    return {ErrorCode::Unavailable,
            name +
                ": no permission to write; change its owner or choose another directory "
                "with --results DIR"};
  if (error == std::errc::no_space_on_device)
    return {ErrorCode::Unavailable,
            name + ": no space left; make room or choose another directory with --results DIR"};
  if (error == std::errc::not_a_directory || error == std::errc::file_exists)
    return {ErrorCode::Invalid, name + ": is not a directory; choose another with --results DIR"};
  return {ErrorCode::Unavailable, name + ": cannot be used for results: " + error.message()};
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

// Of the volume whose `.studyctl/` this is.
Result<std::string> read_id(const fs::path& own) {
  const fs::path file = own / "volume-id";
  Result<std::string> text = read_file(file, 4096);
  if (!text) return text;
  std::string id(trim(*text));
  if (id.size() != 36)
    return Error{ErrorCode::Unavailable, file.string() +
                                             ": does not hold the UUID of a results volume; put it back, "
                                             "or remove the file to begin a new volume"};
  return id;
}

// Two processes that come at once get the same id: the name is given to a whole file, once.
Result<std::string> make_id(const fs::path& own) {
  const fs::path file = own / "volume-id";
  std::string beside = file.string() + ".XXXXXX";
  Fd descriptor(mkostemp(beside.data(), O_CLOEXEC));
  if (!descriptor) return errno_error(file.string());
  Result<void> done = write_all(descriptor.get(), random_uuid() + "\n");
  if (done && fsync(descriptor.get()) != 0) done = errno_error("cannot sync");
  if (done && link(beside.c_str(), file.c_str()) != 0 && errno != EEXIST) {
    // Some file systems have no hard links.
    if (renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) != 0 && errno != EEXIST)
      done = errno_error("cannot make it");
  }
  unlink(beside.c_str());
  if (!done) return std::move(done).error().within(file.string());
  if (Result<void> synced = sync_directory(own); !synced) return std::move(synced).error();
  return read_id(own);
}

// Made of the old one and the place, so that two processes that come at once make the same.
std::string id_of_copy(const std::string& id, const fs::path& root) {
  const std::string hash = sha256_hex(id + "\n" + root.string());
  return hash.substr(0, 8) + "-" + hash.substr(8, 4) + "-8" + hash.substr(13, 3) + "-8" + hash.substr(17, 3) +
         "-" + hash.substr(20, 12);
}

// `volume-home` holds where the volume lay when it was last written to. One that lies elsewhere now was
// moved, or is mounted at another place: then it stays the same, and goes on with its containers. It is a
// copy when the one it was made of is still there: that one keeps the id, and whatever runs for it.
Result<std::string> id_at(const fs::path& root, std::string id) {
  const fs::path own = root / ".studyctl";
  const Result<std::string> home = read_file(own / "volume-home", 65536);
  if (home && *home == root.string()) return id;
  if (home) {
    const Result<std::string> there = read_id(fs::path(*home) / ".studyctl");
    std::error_code failed;
    const bool is_same_place = fs::equivalent(*home, root, failed);
    if (there && *there == id && !is_same_place && !failed) {
      id = id_of_copy(id, root);
      log::warning(root.string() + ": is a copy of the results volume " + *home +
                   ", which keeps its containers; this one is volume " + id + " from now on");
      if (auto written = write_file_atomically(own / "volume-id", id + "\n"); !written)
        return std::move(written).error();
    }
  }
  if (auto written = write_file_atomically(own / "volume-home", root.string()); !written)
    return std::move(written).error();
  return id;
}

// "run" may come from outside: only what a UUID has.
bool is_plain(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789abcdefABCDEF-") == name.npos;
}

}  // namespace

Result<ResultsVolume> ResultsVolume::open(const fs::path& results, const fs::path& state_directory) {
  std::error_code failed;
  fs::create_directories(results, failed);
  if (failed) return cannot_write(results, failed);
  ResultsVolume volume;
  volume.root_ = fs::canonical(results, failed);
  if (failed) return cannot_write(results, failed);
  const fs::path own = volume.private_directory();
  if (mkdir(own.c_str(), 0700) != 0 && errno != EEXIST) return cannot_write(results, last_error());
  // EEXIST says nothing about what may be written today.
  if (faccessat(AT_FDCWD, own.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return cannot_write(results, last_error());
  if (mkdir((own / "secrets").c_str(), 0700) != 0 && errno != EEXIST)
    return cannot_write(results, last_error());

  Result<std::string> id = read_id(own);
  if (!id && id.error().code == ErrorCode::NotFound) id = make_id(own);
  if (id) id = id_at(volume.root_, *id);
  if (!id) return std::move(id).error();
  volume.id_ = *id;
  const fs::path state = state_directory.empty() ? volume.root_ : state_directory;
  fs::create_directories(state, failed);
  if (failed) return cannot_write(state, failed);
  volume.database_ = state / "studies.db";
  volume.on_network_ = is_on_network(state);
  return volume;
}

Result<ResultsVolume> ResultsVolume::find(const fs::path& results, const fs::path& state_directory) {
  std::error_code failed;
  ResultsVolume volume;
  volume.root_ = fs::canonical(results, failed);
  Result<std::string> id = Error{ErrorCode::NotFound, ""};
  if (!failed) id = read_id(volume.private_directory());
  if (!id && id.error().code == ErrorCode::NotFound)
    return Error{ErrorCode::NotFound,
                 results.string() + ": holds no results; name the directory with --results DIR"};
  if (!id) return std::move(id).error();
  volume.id_ = *id;
  const fs::path state = state_directory.empty() ? volume.root_ : state_directory;
  volume.database_ = state / "studies.db";
  volume.on_network_ = is_on_network(state);
  return volume;
}

Result<VolumeLock> ResultsVolume::lock(const LockHolder& holder) const {
  return VolumeLock::take(private_directory() / "lock", holder);
}

std::optional<LockHolder> ResultsVolume::holder() const {
  return VolumeLock::holder_of(private_directory() / "lock");
}

fs::path ResultsVolume::secrets_path(std::string_view run) const {
  return private_directory() / "secrets" / run;
}

Result<void> ResultsVolume::keep_secrets(std::string_view run, std::string_view documents) const {
  if (!is_plain(run)) return Error{ErrorCode::Internal, "a run's id is not a UUID: " + std::string(run)};
  return write_file_atomically(secrets_path(run), documents, 0600);
}

Result<std::string> ResultsVolume::secrets(std::string_view run) const {
  if (!is_plain(run)) return Error{ErrorCode::NotFound, "there is no run " + std::string(run)};
  return read_file(secrets_path(run));
}

Result<void> ResultsVolume::forget_secrets(std::string_view run) const {
  if (!is_plain(run)) return {};
  if (unlink(secrets_path(run).c_str()) != 0 && errno != ENOENT)
    return errno_error(secrets_path(run).string());
  return {};
}

}  // namespace studyctl
