#pragma once

#include <string>

#include "base/result.h"
#include "store/catalog.h"
#include "store/run_directory.h"
#include "store/volume.h"

namespace studyctl {

// A run that a user named, with where it lies.
struct ChosenRun {
  ResultsVolume volume;
  Catalog catalog;
  RunSummary run;
  RunDirectory directory;
};

// `name`: a study (its newest run), "<study>/<run>" or a run's id; empty: the only study there is. NotFound
// names what there is.
Result<ChosenRun> choose_run(Result<ResultsVolume> volume, const std::string& name);

// A run of `study` by its name, or the newest where that is "latest".
Result<ChosenRun> choose_run_of(Result<ResultsVolume> volume, const std::string& study,
                                const std::string& run);

// The files of an attempt; of a Cached repetition, in the run that is its `source`. NotFound.
Result<std::filesystem::path> files_of(const ChosenRun& chosen, const AttemptPlace& place,
                                       const std::string& source);

// True when a controller holds the volume for this very run.
bool is_on(const ChosenRun& chosen);

// Waits until the controller of a run that has ended has let go of the volume, some seconds at most: what
// comes next in a script finds it free.
void await_release(const ChosenRun& chosen);

}  // namespace studyctl
