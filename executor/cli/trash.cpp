#include "cli/trash.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "base/hash.h"
#include "store/run_directory.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

fs::path trash_of(const ResultsVolume& volume) {
  return volume.private_directory() / "trash";
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

}  // namespace

Result<void> move_to_trash(const ResultsVolume& volume, const fs::path& directory) {
  std::error_code failed;
  fs::create_directory(trash_of(volume), failed);
  if (!failed) fs::rename(directory, trash_of(volume) / random_uuid(), failed);
  return checked(directory, failed);
}

bool has_trash(const ResultsVolume& volume) {
  std::error_code failed;
  return fs::exists(trash_of(volume), failed);
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
