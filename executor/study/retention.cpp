#include "study/retention.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "store/keep_mark.h"
#include "store/run_directory.h"
#include "store/schema.h"
#include "store/trash.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

// A file with several names counts once; what symbolic links point to does not.
int64_t size_of(const fs::path& directory) {
  int64_t bytes = 0;
  std::set<std::pair<dev_t, ino_t>> linked;
  const auto add = [&](const fs::path& path) {
    struct stat file {};
    if (lstat(path.c_str(), &file) != 0) return;
    const bool is_shared = file.st_nlink > 1 && !S_ISDIR(file.st_mode);
    if (is_shared && !linked.emplace(file.st_dev, file.st_ino).second) return;
    bytes += static_cast<int64_t>(file.st_blocks) * 512;
  };
  add(directory);
  std::error_code failed;
  fs::recursive_directory_iterator entry(directory, fs::directory_options::skip_permission_denied, failed);
  for (const fs::recursive_directory_iterator end; !failed && entry != end; entry.increment(failed))
    add(entry->path());
  return bytes;
}

using Sources = std::map<std::string, std::set<std::string>>;

// By directory of a run, those that its Cached results are from.
Result<Sources> sources_in(const fs::path& database) {
  auto studies = open_studies_for_reading(database);
  if (!studies) return std::move(studies).error();
  Sources sources;
  Rows rows = (*studies)->query(
      "SELECT DISTINCT runs.directory, r.source FROM repetitions r JOIN runs ON runs.id = r.run "
      "WHERE r.source IS NOT NULL");
  while (rows.next()) sources[rows.string(0)].insert(rows.string(1));
  if (auto read = (*studies)->outcome(); !read) return std::move(read).error();
  return sources;
}

// Which rule wants the run to go, in words.
std::string wanted_by(const Retention& rules, const KeptRun& run, size_t place, int64_t total, Instant now) {
  if (rules.runs && place >= static_cast<size_t>(*rules.runs))
    return "it is not among the newest " + std::to_string(*rules.runs);
  if (rules.age && now - run.ended > *rules.age)
    return "it ended more than " + format_duration(*rules.age) + " ago";
  if (rules.bytes && total > *rules.bytes)
    return "the study has more than " + human_bytes(*rules.bytes) + " on disk";
  return "";
}

fs::path path_of(const ResultsVolume& volume, const RunRecord& run) {
  const auto lies = RunDirectory::find(volume.root(), run.directory, run.id);
  return lies ? lies->path() : volume.root() / run.directory;
}

}  // namespace

int64_t size_on_disk(const ResultsVolume& volume, const RunRecord& run) {
  return size_of(path_of(volume, run));
}

std::vector<RetentionVerdict> judge(const std::vector<KeptRun>& runs, const Retention& rules, Instant now) {
  int64_t total = 0;
  for (const KeptRun& run : runs) total += run.bytes;
  std::vector<RetentionVerdict> verdicts;
  std::set<size_t> going;
  const auto why_it_stays = [&](size_t i) -> std::string {
    if (i == 0) return "it is the newest";
    if (!runs[i].spared.empty()) return runs[i].spared;
    for (size_t other = 0; other < runs.size(); ++other)
      if (other != i && !going.contains(other) && runs[other].sources.contains(runs[i].directory))
        return "Cached results of " + runs[other].directory + " are from it";
    return "";
  };
  // A run that goes may be what held an older one.
  for (size_t before = runs.size() + 1; going.size() != before;) {
    before = going.size();
    for (size_t i = runs.size(); i-- > 0;) {
      const std::string why = wanted_by(rules, runs[i], i, total, now);
      if (going.contains(i) || why.empty() || !why_it_stays(i).empty()) continue;
      going.insert(i);
      total -= runs[i].bytes;
      verdicts.push_back({i, true, why});
    }
  }
  for (size_t i = runs.size(); i-- > 0;)
    if (!going.contains(i) && !wanted_by(rules, runs[i], i, total, now).empty())
      verdicts.push_back({i, false, why_it_stays(i)});
  return verdicts;
}

Result<std::vector<PrunedRun>> plan_prune(const ResultsVolume& volume, const Retention& rules,
                                          const std::string& study, const std::set<std::string>& on) {
  const auto catalog = Catalog::of(volume);
  if (!catalog) return catalog.error();
  const auto all = catalog->runs(study);
  if (!all) return all.error();
  if (all->empty() && !study.empty())
    return Error{ErrorCode::NotFound, "there is no study '" + printable(study) + "' here"};
  const auto sources = sources_in(volume.database());
  if (!sources) return sources.error();

  std::map<std::string, std::vector<RunSummary>> by_study;
  for (const RunSummary& run : *all) by_study[run.record.study].push_back(run);
  std::vector<PrunedRun> plan;
  const Instant now = SystemClock().now();
  for (const auto& [name, runs] : by_study) {
    std::vector<KeptRun> kept;
    for (const RunSummary& run : runs) {
      const std::string& directory = run.record.directory;
      const fs::path path = path_of(volume, run.record);
      std::string spared = on.contains(run.record.id) ? "it is on" : "";
      if (const auto mark = keep_mark(path))
        spared = mark->empty() ? "it is marked" : "it is marked: " + *mark;
      const auto from = sources->find(directory);
      kept.push_back({directory, run.finished_at.value_or(run.updated_at), rules.bytes ? size_of(path) : 0,
                      std::move(spared), from == sources->end() ? std::set<std::string>() : from->second});
    }
    for (const RetentionVerdict& verdict : judge(kept, rules, now))
      plan.push_back({runs[verdict.run], verdict.goes, verdict.why});
  }
  return plan;
}

Result<void> prune(const ResultsVolume& volume, const std::vector<PrunedRun>& plan,
                   const std::function<void(const PrunedRun&)>& removes) {
  if (auto finished = finish_removals(volume); !finished) return finished;
  for (const PrunedRun& one : plan) {
    if (!one.goes) continue;
    const RunRecord& record = one.run.record;
    {
      const auto marks = hold_marks(volume);
      if (!marks) return marks.error();
      if (keep_mark(path_of(volume, record))) continue;
      removes(one);
      if (auto gone = remove_run(volume, record); !gone)
        return std::move(gone).error().within(record.directory);
    }
  }
  return empty_trash(volume);
}

}  // namespace studyctl
