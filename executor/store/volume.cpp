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

// What `.studyctl/volume-id` holds.
struct Identity {
  std::string id;  // a UUID
  fs::path home;   // where the volume lay when it was last written to
};

std::string text_of(const Identity& identity) {
  return identity.id + "\n" + identity.home.string() + "\n";
}

Result<Identity> read_identity(const fs::path& file) {
  Result<std::string> text = read_file(file, 65536);
  if (!text) return std::move(text).error();
  const size_t end = text->find('\n');
  Identity identity{std::string(trim(text->substr(0, end))), {}};
  if (identity.id.size() != 36)
    return Error{ErrorCode::Unavailable, file.string() +
                                             ": does not hold the UUID of a results volume; put it back, "
                                             "or remove the file to begin a new volume"};
  if (end != text->npos && text->ends_with('\n') && end + 1 < text->size())
    identity.home = text->substr(end + 1, text->size() - end - 2);
  return identity;
}

// Two processes that come at once get the same id: the name is given to a whole file, once.
Result<Identity> make_identity(const fs::path& file, const fs::path& home) {
  std::string beside = file.string() + ".XXXXXX";
  Fd descriptor(mkostemp(beside.data(), O_CLOEXEC));
  if (!descriptor) return errno_error(file.string());
  Result<void> done = write_all(descriptor.get(), text_of({random_uuid(), home}));
  if (done && fsync(descriptor.get()) != 0) done = errno_error("cannot sync");
  if (done && link(beside.c_str(), file.c_str()) != 0 && errno != EEXIST) {
    // Some file systems have no hard links.
    if (renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) != 0 && errno != EEXIST)
      done = errno_error("cannot make it");
  }
  unlink(beside.c_str());
  if (!done) return std::move(done).error().within(file.string());
  if (Result<void> synced = sync_directory(file.parent_path()); !synced) return std::move(synced).error();
  return read_identity(file);
}

// Made of the old one and the place, so that two processes that come at once make the same.
std::string id_of_copy(const std::string& id, const fs::path& root) {
  const std::string hash = sha256_hex(id + "\n" + root.string());
  return hash.substr(0, 8) + "-" + hash.substr(8, 4) + "-8" + hash.substr(13, 3) + "-8" + hash.substr(17, 3) +
         "-" + hash.substr(20, 12);
}

// A volume that lies elsewhere than when it was last written to was moved, or is mounted at another place:
// then it stays the same, and goes on with its containers. It is a copy when the one it was made of is still
// there: that one keeps the id, and whatever runs for it.
Result<Identity> settle_at(const fs::path& root, const Identity& before) {
  Identity now{before.id, root};
  const Result<Identity> there = read_identity(before.home / ".studyctl" / "volume-id");
  std::error_code failed;
  const bool is_same_place = fs::equivalent(before.home, root, failed);
  if (there && there->id == before.id && !is_same_place && !failed) {
    now.id = id_of_copy(before.id, root);
    log::warning(root.string() + ": is a copy of the results volume " + before.home.string() +
                 ", which keeps its containers; this one is volume " + now.id + " from now on");
  }
  if (Result<void> written = write_file_atomically(root / ".studyctl" / "volume-id", text_of(now)); !written)
    return std::move(written).error();
  return now;
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

  Result<Identity> identity = read_identity(own / "volume-id");
  if (!identity && identity.error().code == ErrorCode::NotFound)
    identity = make_identity(own / "volume-id", volume.root_);
  if (identity && identity->home != volume.root_) identity = settle_at(volume.root_, *identity);
  if (!identity) return std::move(identity).error();
  volume.id_ = identity->id;
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
  Result<Identity> identity = Error{ErrorCode::NotFound, ""};
  if (!failed) identity = read_identity(volume.private_directory() / "volume-id");
  if (!identity && identity.error().code == ErrorCode::NotFound)
    return Error{ErrorCode::NotFound,
                 results.string() + ": holds no results; name the directory with --results DIR"};
  if (!identity) return std::move(identity).error();
  volume.id_ = identity->id;
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
