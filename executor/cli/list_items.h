#pragma once

#include "cli/listing.h"
#include "cli/run_choice.h"
#include "store/catalog.h"
#include "store/volume_lock.h"

// What `get` says of each thing: its columns, and its fields as data.
namespace studyctl {

// The runs of a volume, the newest first.
struct ListedRuns {
  ResultsVolume volume;
  std::vector<RunSummary> runs;
  std::optional<LockHolder> holder;
};

ListItem run_item(const ListedRuns& listed, const RunSummary& run, Instant now);
// A study with so many `runs`.
ListItem study_item(const ListedRuns& listed, const RunSummary& newest, uint64_t runs, Instant now);
ListItem experiment_item(const ChosenRun& chosen, const ExperimentSummary& experiment);
ListItem repetition_item(const ChosenRun& chosen, const RepetitionSummary& repetition, Instant now);
ListItem attempt_item(const ChosenRun& chosen, const std::string& experiment, const AttemptSummary& attempt,
                      Instant now);

}  // namespace studyctl
