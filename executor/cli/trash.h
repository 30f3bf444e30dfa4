#pragma once

#include <filesystem>

#include "base/result.h"
#include "store/volume.h"

namespace studyctl {

// Moves a directory of the volume out of sight, at once, so that what is half deleted is never taken for a
// run.
Result<void> move_to_trash(const ResultsVolume& volume, const std::filesystem::path& directory);

// Removes all that was moved there, now or by somebody who was interrupted.
Result<void> empty_trash(const ResultsVolume& volume);
bool has_trash(const ResultsVolume& volume);

// Points a study's `latest` at its newest run; where there is none left, removes the study's directory if
// nothing else is in it.
Result<void> point_latest(const std::filesystem::path& study_directory);

}  // namespace studyctl
