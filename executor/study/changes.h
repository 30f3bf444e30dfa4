#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/comparison.h"
#include "store/run_manifest.h"
#include "study/study_source.h"

namespace studyctl {

// What a manifest would change of what a run is of.
struct StudyChanges {
  std::unique_ptr<LoadedStudy> before;
  PlanDifference experiments;
  std::vector<std::string> execution;  // "parallelism: 1 → 4"
  bool metrics = false;                // the rules that read them
  bool others = false;                 // of the design, but what no experiment executes: labels, result rules
  bool seed = false;
  bool repeats = false;  // when an experiment has had cycles enough

  bool none() const { return experiments.none() && execution.empty() && !metrics && !others; }
};

// `directory`: of the run that `before` is of. `visit` is told of every experiment; see compare().
Result<StudyChanges> changes_of(const RunManifest& before, const std::filesystem::path& directory,
                                const LoadedStudy& after, const VisitChange& visit = {});

// True when both read the same metrics of what is left behind.
bool same_metric_rules(const Study& a, const Study& b);

// A line or more for people: "+ 3 new  = 7 same  - 2 dropped", "execution.parallelism: 1 → 4".
std::vector<std::string> change_lines(const StudyChanges& changes);

// What two JSON objects differ in, a line a value: "cooldown.cycle: none → 5m".
std::vector<std::string> differing_values(const std::string& before, const std::string& after);

}  // namespace studyctl
