#include "store/trash.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "base/fd.h"
#include "base/hash.h"
#include "store/catalog.h"
#include "store/run_directory.h"
#include "store/sqlite_journal.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

fs::path trash_of(const ResultsVolume& volume) {
  return volume.private_directory() / "trash";
}

// A file per removal that is under way: the run's id, with its directory in it.
fs::path removals_of(const ResultsVolume& volume) {
  return volume.private_directory() / "removals";
}

Result<void> checked(const fs::path& path, const std::error_code& failed) {
  if (!failed) return {};
  return Error{ErrorCode::Unavailable, path.string() + ": " + failed.message()};
}

std::vector<std::string> runs_in(const fs::path& study_directory) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator run(study_directory, failed), end; !failed && run != end;
       run.increment(failed)) {
    std::error_code ignored;
    if (!run->is_symlink(ignored) && fs::exists(run->path() / "study_manifest.json", ignored))
      names.push_back(run->path().filename().string());
  }
  return names;
}

// "2026-11-22_14-30-05-10" is newer than "…-9".
bool is_older(const std::string& one, const std::string& other) {
  constexpr size_t kPlain = 19;
  const std::string head = one.substr(0, kPlain), other_head = other.substr(0, kPlain);
  if (head != other_head) return head < other_head;
  return one.size() != other.size() ? one.size() < other.size() : one < other;
}

// Of a run that has its rows still nothing is removed: its removal had not come to pass.
Result<void> finish(const ResultsVolume& volume, const fs::path& note) {
  const std::string id = note.filename().string();
  const auto recorded = read_file(note);
  if (!recorded) return recorded.error();
  const auto catalog = Catalog::open(volume.database());
  if (!catalog) return catalog.error();
  const auto whole = catalog->run(id);
  if (whole) return {};
  if (whole.error().code != ErrorCode::NotFound) return whole.error();
  const auto directory = RunDirectory::find(volume.root(), *recorded, id);
  if (!directory && directory.error().code != ErrorCode::NotFound) return directory.error();
  if (directory)
    if (auto moved = move_to_trash(volume, directory->path()); !moved) return moved;
  if (auto forgotten = volume.forget_secrets(id); !forgotten) return forgotten;
  return point_latest(volume.root() / fs::path(*recorded).parent_path());
}

}  // namespace

Result<void> move_to_trash(const ResultsVolume& volume, const fs::path& directory) {
  std::error_code failed;
  fs::create_directory(trash_of(volume), failed);
  if (!failed) fs::rename(directory, trash_of(volume) / random_uuid(), failed);
  return checked(directory, failed);
}

bool has_trash(const ResultsVolume& volume) {
  std::error_code failed;
  return fs::exists(trash_of(volume), failed) || fs::exists(removals_of(volume), failed);
}

Result<void> remove_run(const ResultsVolume& volume, const RunRecord& run) {
  std::error_code failed;
  fs::create_directory(removals_of(volume), failed);
  if (failed) return checked(removals_of(volume), failed);
  if (auto noted = write_file_atomically(removals_of(volume) / run.id, run.directory); !noted) return noted;
  if (auto deleted = delete_run(volume.database(), run.id); !deleted) return deleted;
  return finish_removals(volume);
}

Result<void> finish_removals(const ResultsVolume& volume) {
  std::error_code failed;
  std::vector<fs::path> notes;
  for (fs::directory_iterator note(removals_of(volume), failed), end; !failed && note != end;
       note.increment(failed))
    notes.push_back(note->path());
  if (failed == std::errc::no_such_file_or_directory) return {};
  if (failed) return checked(removals_of(volume), failed);
  for (const fs::path& note : notes) {
    if (auto finished = finish(volume, note); !finished) return finished;
    fs::remove(note, failed);
    if (failed) return checked(note, failed);
  }
  fs::remove(removals_of(volume), failed);
  return checked(removals_of(volume), failed);
}

Result<void> empty_trash(const ResultsVolume& volume) {
  std::error_code failed;
  fs::remove_all(trash_of(volume), failed);
  return checked(trash_of(volume), failed);
}

Result<void> point_latest(const fs::path& study_directory) {
  const std::vector<std::string> runs = runs_in(study_directory);
  const fs::path latest = study_directory / "latest";
  std::error_code failed;
  if (!fs::exists(study_directory, failed)) return {};
  if (runs.empty()) {
    fs::remove(latest, failed);
    if (!failed && fs::is_empty(study_directory, failed)) fs::remove(study_directory, failed);
    return checked(study_directory, failed);
  }
  const std::string newest = *std::max_element(runs.begin(), runs.end(), is_older);
  const fs::path beside = study_directory / "latest.new";
  fs::remove(beside, failed);
  fs::create_symlink(newest, beside, failed);
  if (!failed) fs::rename(beside, latest, failed);
  return checked(latest, failed);
}

}  // namespace studyctl
