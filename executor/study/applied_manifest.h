#pragma once

#include <string>
#include <vector>

#include "store/run_directory.h"
#include "store/run_manifest.h"
#include "store/volume.h"
#include "study/run_choice.h"
#include "study/study_source.h"

namespace studyctl {

// A study as a run is to remember it; who the run is, and on what it runs, is for the caller to say.
RunManifest manifest_as_applied(const LoadedStudy& study, const std::vector<std::string>& flags);

// That of a run that is there.
Result<RunManifest> applied_manifest(const ChosenRun& chosen);
Result<RunManifest> recorded_manifest(const Catalog& catalog, const std::string& run_id);

// The study of a run, as it was applied.
Result<std::unique_ptr<LoadedStudy>> load_run(const ChosenRun& chosen);

// A run that was begun so takes nothing from earlier ones, for good.
inline constexpr const char* kFreshFlag = "--fresh";
bool reuses_nothing(const RunManifest& manifest);

// True when a run that is of one would do something else, or be told otherwise, by the other.
bool differs(const RunManifest& before, const RunManifest& after);

// The files that a study names, kept in a run's directory.
Result<void> keep_inputs(const LoadedStudy& study, const RunDirectory& directory);

// Lays a manifest on the volume for its controller; returns the name it is found by. Only its owner may read
// it.
Result<std::string> stage(const ResultsVolume& volume, const RunManifest& manifest);
// Reads it and takes it away.
Result<RunManifest> take_staged(const ResultsVolume& volume, const std::string& name);
// Takes away what no controller came to read. For who has the volume's lock.
void clear_staged(const ResultsVolume& volume);

}  // namespace studyctl
