#include "store/run_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/fd.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/run_manifest.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifestName = "study_manifest.json";
constexpr int kMostInOneSecond = 1000;

// "2026-11-22T14:30:05.000Z" → "2026-11-22_14-30-05"
std::string directory_name(Instant at) {
  std::string name = format_instant(at).substr(0, 19);
  std::replace(name.begin(), name.end(), 'T', '_');
  std::replace(name.begin(), name.end(), ':', '-');
  return name;
}

// Makes `directory` below one that is there.
Result<void> make_below(const fs::path& directory, mode_t mode) {
  if (mkdir(directory.c_str(), mode) != 0 && errno != EEXIST) return errno_error(directory.string());
  return {};
}

// A link's name points at the old or at the new one, never at nothing.
Result<void> point(const fs::path& link, const std::string& target) {
  if (symlink(target.c_str(), link.c_str()) == 0) return {};
  if (errno != EEXIST) return errno_error(link.string());
  std::error_code failed;
  if (fs::read_symlink(link, failed) == target && !failed) return {};
  const fs::path beside = link.string() + ".new";
  unlink(beside.c_str());
  if (symlink(target.c_str(), beside.c_str()) != 0) return errno_error(link.string());
  if (rename(beside.c_str(), link.c_str()) == 0) return {};
  Error error = errno_error(link.string());
  unlink(beside.c_str());
  return error;
}

bool is_real_directory(const fs::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Two hex digits of the identity, with which every experiment's id ends (16 of them).
std::string spread_of(const std::string& experiment) {
  return experiment.size() < 16 ? "00" : experiment.substr(experiment.size() - 16, 2);
}

// For the workload to write into.
Result<void> make_for(const fs::path& directory, const std::optional<FileOwner>& owner) {
  const bool owned = owner && geteuid() == 0;
  if (Result<void> made = make_below(directory, 0755); !made) return made;
  if (owned && chown(directory.c_str(), owner->uid, owner->gid) != 0) return errno_error(directory.string());
  // umask has its say in mkdir, not here.
  if (!owned && chmod(directory.c_str(), 0777) != 0) return errno_error(directory.string());
  return {};
}

}  // namespace

Result<RunDirectory> RunDirectory::create(const fs::path& results, const std::string& study, Instant now) {
  const fs::path home = results / study;
  if (Result<void> made = make_below(home, 0755); !made) return std::move(made).error();
  if (Result<void> synced = sync_directory(results); !synced) return std::move(synced).error();
  const std::string name = directory_name(now);
  for (int n = 1; n <= kMostInOneSecond; ++n) {
    const std::string unique = n == 1 ? name : name + "-" + std::to_string(n);
    const fs::path directory = home / unique;
    if (mkdir(directory.c_str(), 0755) != 0) {
      if (errno == EEXIST) continue;
      return errno_error(directory.string());
    }
    for (const char* below : {"experiments", "inputs"})
      if (Result<void> made = make_below(directory / below, 0755); !made) return std::move(made).error();
    if (Result<void> pointed = point(home / "latest", unique); !pointed) return std::move(pointed).error();
    for (const fs::path& changed : {directory, home})
      if (Result<void> synced = sync_directory(changed); !synced) return std::move(synced).error();
    return RunDirectory(directory);
  }
  return Error{ErrorCode::Unavailable, home.string() + ": has too many runs of one second"};
}

Result<RunDirectory> RunDirectory::open(const fs::path& directory) {
  std::error_code failed;
  const fs::path path = fs::canonical(directory, failed);
  if (failed || !is_real_directory(path))
    return Error{ErrorCode::NotFound, directory.string() + ": there is no such run"};
  return RunDirectory(path);
}

Result<RunDirectory> RunDirectory::find(const fs::path& results, const std::string& recorded,
                                        const std::string& run_id) {
  const auto is_it = [&](const fs::path& directory) {
    const Result<RunManifest> manifest = read_run_manifest(directory);
    return manifest && manifest->run_id == run_id;
  };
  if (is_it(results / recorded)) return open(results / recorded);
  for (const fs::path& directory : find_run_directories(results))
    if (is_it(directory)) return open(directory);
  return Error{ErrorCode::NotFound, (results / recorded).string() +
                                        ": the run's directory is gone, and no other below " +
                                        results.string() + " is of run " + run_id};
}

std::string RunDirectory::name_in_volume() const {
  return (path_.parent_path().filename() / path_.filename()).string();
}

fs::path RunDirectory::repetition(const AttemptPlace& place) const {
  return path_ / "experiments" / spread_of(place.experiment) / place.experiment /
         ("cycle-" + std::to_string(place.cycle));
}

fs::path RunDirectory::partial(const AttemptPlace& place) const {
  return repetition(place) / ("attempt-" + std::to_string(place.attempt) + ".partial");
}

fs::path RunDirectory::ended(const AttemptPlace& place, AttemptFiles files) const {
  const std::string name = "attempt-" + std::to_string(place.attempt);
  return repetition(place) / (files == AttemptFiles::Published ? name : name + ".failed");
}

Result<fs::path> RunDirectory::locate(const AttemptPlace& place) const {
  for (const fs::path& path :
       {ended(place, AttemptFiles::Published), ended(place, AttemptFiles::Failed), partial(place)})
    if (is_real_directory(path)) return path;
  return Error{ErrorCode::NotFound,
               repetition(place).string() + ": has no files of attempt " + std::to_string(place.attempt)};
}

Result<fs::path> RunDirectory::begin_attempt(const AttemptPlace& place,
                                             std::optional<FileOwner> owner) const {
  const fs::path files = partial(place);
  const fs::path cycle = files.parent_path();
  const fs::path experiment = cycle.parent_path();
  const bool owned = owner && geteuid() == 0;
  if (Result<void> made = make_below(experiment.parent_path(), 0755); !made) return std::move(made).error();
  if (Result<void> made = make_below(experiment, 0755); !made) return std::move(made).error();
  if (Result<void> made = make_below(cycle, owned ? 0755 : 0700); !made) return std::move(made).error();
  if (Result<void> made = make_for(files, owner); !made) return std::move(made).error();
  return files;
}

std::vector<fs::path> RunDirectory::in_what(const AttemptPlace& place) const {
  const fs::path experiment = repetition(place).parent_path();
  return {repetition(place), experiment, experiment.parent_path(), experiment.parent_path().parent_path()};
}

Result<fs::path> RunDirectory::begin_checkpoint(const AttemptPlace& place,
                                                std::optional<FileOwner> owner) const {
  if (Result<void> made = make_for(checkpoint(place), owner); !made) return std::move(made).error();
  return checkpoint(place);
}

Result<fs::path> RunDirectory::finish_attempt(const AttemptPlace& place, AttemptFiles files) const {
  const fs::path from = partial(place);
  const fs::path to = ended(place, files);
  if (is_real_directory(from)) {
    // An attempt of this number that a lost database knew of: kept for people, in nobody's way.
    if (is_real_directory(to)) {
      const fs::path aside = to.string() + ".unrecorded-" + random_uuid().substr(0, 8);
      if (rename(to.c_str(), aside.c_str()) != 0) return errno_error(to.string());
    }
    if (rename(from.c_str(), to.c_str()) != 0) return errno_error(from.string());
  } else if (!is_real_directory(to)) {
    return Error{ErrorCode::NotFound, from.string() + ": is gone"};
  }
  if (files == AttemptFiles::Published)
    if (Result<void> pointed = point(repetition(place) / "result", to.filename()); !pointed)
      return std::move(pointed).error();
  return to;
}

bool RunDirectory::stop_requested() const {
  return faccessat(AT_FDCWD, (path_ / "STOP").c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<void> RunDirectory::clear_stop() const {
  const fs::path file = path_ / "STOP";
  if (unlink(file.c_str()) != 0 && errno != ENOENT) return errno_error(file.string());
  return {};
}

Result<std::string> RunDirectory::keep_input(std::string_view content) const {
  const std::string name = sha256_hex(content);
  if (Result<void> made = make_below(path_ / "inputs", 0755); !made) return std::move(made).error();
  const Result<std::string> there = input(name);
  if (there) return name;
  if (Result<void> written = write_file_atomically(path_ / "inputs" / name, content); !written)
    return std::move(written).error();
  return name;
}

Result<std::string> RunDirectory::input(const std::string& sha256) const {
  if (!is_sha256(sha256)) return Error{ErrorCode::Invalid, sha256 + ": is not a SHA-256"};
  Result<std::string> content = read_file(path_ / "inputs" / sha256, size_t{1} << 30);
  if (content && sha256_hex(*content) != sha256)
    return Error{ErrorCode::Internal,
                 (path_ / "inputs" / sha256).string() + ": was changed since it was kept"};
  return content;
}

Result<fs::path> locate_in_run(const fs::path& results, const std::string& run, const AttemptPlace& place) {
  const Result<RunDirectory> directory = RunDirectory::open(results / run);
  if (directory) return directory->locate(place);
  return Error{ErrorCode::NotFound, place.experiment + ": is from run " + run + ", which is there no more"};
}

std::vector<fs::path> find_run_directories(const fs::path& results) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator study(results, failed), end; !failed && study != end; study.increment(failed)) {
    if (!is_real_directory(study->path()) || study->path().filename() == ".studyctl") continue;
    std::error_code closed;
    for (fs::directory_iterator run(study->path(), closed); !closed && run != end; run.increment(closed))
      if (is_real_directory(run->path()) && fs::exists(run->path() / kManifestName, closed))
        found.push_back(run->path());
  }
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    return std::pair(a.filename(), a) < std::pair(b.filename(), b);
  });
  return found;
}

}  // namespace studyctl
