#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "cli/doctor_checks.h"
#include "store/catalog.h"
#include "store/run_directory.h"
#include "store/trash.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;
using enum Finding::Kind;

constexpr int64_t kLittleRoom = int64_t{1} << 30;
constexpr int64_t kNoRoom = int64_t{64} << 20;

Finding check_room(const fs::path& path) {
  struct statvfs found {};
  if (statvfs(path.c_str(), &found) != 0) return {Note, path.string() + ": its free space is not known", ""};
  const int64_t free = static_cast<int64_t>(found.f_bavail) * static_cast<int64_t>(found.f_frsize);
  const std::string text = path.string() + ": " + human_bytes(free) + " are free";
  if (found.f_favail == 0 && found.f_files > 0)
    return {Missing, path.string() + ": no inodes are left", "remove files"};
  if (free < kNoRoom)
    return {Missing, text + ": a run would pause at once", "make room, or use another --results"};
  return {free < kLittleRoom ? Note : Good, text, ""};
}

Finding check_access(const ResultsVolume& volume) {
  for (const fs::path& path : {volume.root(), volume.private_directory(), volume.database()})
    if (access(path.c_str(), W_OK) != 0 && errno != ENOENT)
      return {Missing, path.string() + ": no permission to write",
              "change its owner, or use another --results"};
  return {Good, "results lie in " + volume.root().string() + ", volume " + volume.id(), ""};
}

std::vector<Finding> check_runs(const ResultsVolume& volume, const Catalog& catalog,
                                const std::optional<LockHolder>& holder) {
  const auto runs = catalog.runs();
  if (!runs)
    return {{Missing, "studies.db cannot be read: " + runs.error().message, "studyctl doctor --rebuild"}};
  std::vector<Finding> findings = {{Good, "studies.db has " + counted(runs->size(), "run"), ""}};
  for (const RunSummary& run : *runs) {
    const RunRecord& record = run.record;
    if (shown_state(run, holder) == RunState::Interrupted)
      findings.push_back({Note, record.directory + ": is not at its end, and nobody drives it",
                          "studyctl resume " + record.study + ", or studyctl cancel " + record.study});
    if (!RunDirectory::find(volume.root(), record.directory, record.id))
      findings.push_back({Note, record.directory + ": its directory is gone",
                          "studyctl delete run " + record.directory + " --yes"});
  }
  return findings;
}

// Runs that were copied here, which the database does not know.
std::vector<Finding> check_strangers(const ResultsVolume& volume, const Catalog* catalog) {
  uint64_t unknown = 0;
  std::string first;
  for (const fs::path& directory : find_run_directories(volume.root())) {
    const std::string name = (directory.parent_path().filename() / directory.filename()).string();
    if (catalog && catalog->run(name)) continue;
    if (unknown++ == 0) first = name;
  }
  if (unknown == 0) return {};
  return {{Note,
           counted(unknown, "run directory") + " that studies.db does not know: " + first +
               (unknown > 1 ? " …" : ""),
           "studyctl doctor --rebuild takes them in"}};
}

}  // namespace

std::vector<Finding> check_volume(const Result<ResultsVolume>& volume, const fs::path& results, Instant now) {
  if (!volume) {
    if (volume.error().code != ErrorCode::NotFound) return {{Missing, volume.error().message, ""}};
    std::error_code failed;
    fs::path there = fs::absolute(results, failed);
    while (!there.empty() && !fs::exists(there, failed) && there != there.root_path())
      there = there.parent_path();
    std::vector<Finding> findings = {
        {Good, results.string() + ": no results yet; the first apply makes it", ""}};
    if (access(there.c_str(), W_OK) != 0)
      findings.push_back({Missing, there.string() + ": no permission to write", "use another --results"});
    findings.push_back(check_room(there));
    return findings;
  }
  std::vector<Finding> findings = {check_access(*volume), check_room(volume->root())};
  if (volume->on_network())
    findings.push_back({Note, "studies.db lies on a network file system: slow, but safe",
                        "--state-dir DIR puts it on a local one"});
  const auto holder = volume->holder();
  findings.push_back(
      holder ? Finding{Good, "held by " + describe(*holder) + " (" + ago_text(holder->since, now) + ")", ""}
             : Finding{Good, "no controller holds it", ""});
  if (!holder && has_trash(*volume))
    findings.push_back(
        {Note, "a delete was interrupted", "studyctl doctor --tidy removes what is left of it"});
  const auto catalog = Catalog::open(volume->database());
  if (!catalog && catalog.error().code != ErrorCode::NotFound)
    findings.push_back(
        {Missing, "studies.db cannot be used: " + catalog.error().message, "studyctl doctor --rebuild"});
  if (catalog)
    for (Finding& finding : check_runs(*volume, *catalog, holder)) findings.push_back(std::move(finding));
  for (Finding& finding : check_strangers(*volume, catalog ? &*catalog : nullptr))
    findings.push_back(std::move(finding));
  return findings;
}

}  // namespace studyctl
