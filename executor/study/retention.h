#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/retention.h"
#include "store/catalog.h"

namespace studyctl {

// A run as the rules see it.
struct KeptRun {
  std::string directory;            // "nmr/2026-11-22_14-30-05"
  Instant ended;                    // or changed last
  int64_t bytes = 0;                // on disk
  std::string spared;               // why it stays whatever the rules say: "it is marked"; empty: it may go
  std::set<std::string> sources{};  // directories of the runs that its Cached results are from
};

struct RetentionVerdict {
  size_t run = 0;  // of those that were given
  bool goes = false;
  std::string why;  // that it goes, or that it stays although a rule would have it go
};

// Which of the runs of one study, the newest first, go by `rules`, the oldest first, and which stay although
// they should. The newest stays, what is spared, and what Cached results of a run point to that stays. Pure.
std::vector<RetentionVerdict> judge(const std::vector<KeptRun>& runs, const Retention& rules, Instant now);

struct PrunedRun {
  RunSummary run;
  bool goes = false;
  std::string why;
};

int64_t size_on_disk(const ResultsVolume& volume, const RunRecord& run);

// What prune() would remove of `study`'s runs (of each study's where it is empty), and what stays although a
// rule would have it go. `on`: ids of the runs that controllers work on. Reads the volume alone.
Result<std::vector<PrunedRun>> plan_prune(const ResultsVolume& volume, const Retention& rules,
                                          const std::string& study, const std::set<std::string>& on);

// Removes them, one after the other; `removes` hears of each before. A run that was marked meanwhile stays.
// For whoever holds the volume. Killed at whatever line, a run is whole or gone: finish_removals() does the
// rest.
Result<void> prune(const ResultsVolume& volume, const std::vector<PrunedRun>& plan,
                   const std::function<void(const PrunedRun&)>& removes);

}  // namespace studyctl
