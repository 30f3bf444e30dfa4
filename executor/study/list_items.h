#pragma once

#include "store/catalog.h"
#include "store/volume_lock.h"
#include "study/list_item.h"
#include "study/run_choice.h"

// What `get` says of each thing: its columns, and its fields as data.
namespace studyctl {

// The runs of a volume, the newest first.
struct ListedRuns {
  ResultsVolume volume;
  std::vector<RunSummary> runs;
  std::optional<LockHolder> holder;
};

// "molecule=water charge=0" of a JSON object.
std::string parameters_text(const std::string& parameters);

// Of one study, or of all; where nothing was ever run there are none. NotFound: there is no such study.
Result<ListedRuns> list_runs(Result<ResultsVolume> volume, const std::string& study);

ListItem run_item(const ListedRuns& listed, const RunSummary& run, Instant now);
// A study with so many `runs`.
ListItem study_item(const ListedRuns& listed, const RunSummary& newest, uint64_t runs, Instant now);
ListItem experiment_item(const ChosenRun& chosen, const ExperimentSummary& experiment);
ListItem repetition_item(const ChosenRun& chosen, const RepetitionSummary& repetition, Instant now);
ListItem attempt_item(const ChosenRun& chosen, const std::string& experiment, const AttemptSummary& attempt,
                      Instant now);

}  // namespace studyctl
