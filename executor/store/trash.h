#pragma once

#include <filesystem>

#include "base/result.h"
#include "store/run_record.h"
#include "store/volume.h"

namespace studyctl {

// All of it is for whoever holds the volume.

// Moves a directory of the volume out of sight, at once, so that what is half deleted is never taken for a
// run.
Result<void> move_to_trash(const ResultsVolume& volume, const std::filesystem::path& directory);

// Removes all that was moved there, now or by somebody who was interrupted: its files, which may be many.
Result<void> empty_trash(const ResultsVolume& volume);
// What finish_removals() and empty_trash() would remove is there.
bool has_trash(const ResultsVolume& volume);

// Takes a run out of the volume: it is gone, or is whole, at whatever line this is killed. Its rows go in one
// transaction; what is left of it then is removed now, or by finish_removals().
Result<void> remove_run(const ResultsVolume& volume, const RunRecord& run);

// Removes what a remove_run() that was killed has left. For whoever takes the volume.
Result<void> finish_removals(const ResultsVolume& volume);

// Points a study's `latest` at its newest run; where there is none left, removes the study's directory if
// nothing else is in it.
Result<void> point_latest(const std::filesystem::path& study_directory);

}  // namespace studyctl
