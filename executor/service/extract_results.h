#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/study.h"
#include "store/sqlite_journal.h"
#include "study/run_choice.h"

namespace studyctl {

// What `results --extract` did.
struct ExtractReport {
  uint64_t attempts = 0;
  uint64_t values = 0;
  std::vector<std::string> warnings;  // "water-… cycle 2: metric energy: orca.out: no such file"; the first
};

// Reads the metrics of every succeeded repetition again from its kept files, by the rules of the manifest in
// `file`, which is then the run's own; by those of the run when it is empty. Nothing is run. Conflict while
// somebody holds the volume; Invalid where `file` is a manifest of another study.
Result<ExtractReport> extract_results(const ChosenRun& chosen, const std::string& file);

// The same for whoever holds the volume, by `metrics`; the result files are for the caller to make anew.
Result<ExtractReport> extract_again(SqliteJournal& journal, const RunDirectory& directory,
                                    const std::vector<Metric>& metrics);

// The applied manifest `applied`, its spec.results.metrics replaced by those of the applied manifest `other`.
std::string with_metrics_of(const std::string& applied, const std::string& other);

}  // namespace studyctl
