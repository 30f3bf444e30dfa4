#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "store/volume.h"

namespace studyctl {

// The mark of a run that retention leaves alone: the file KEEP in its directory, which says who wrote it and
// why. It goes wherever the run goes, and may be made with `touch`. Any process, also while a controller is
// at work.

// What the mark says; nothing where there is none.
std::optional<std::string> keep_mark(const std::filesystem::path& run_directory);

// Safe to repeat. NotFound: the run is there no more.
Result<void> set_keep_mark(const ResultsVolume& volume, const std::filesystem::path& run_directory,
                           const std::string& says);
Result<void> clear_keep_mark(const ResultsVolume& volume, const std::filesystem::path& run_directory);

// As long as it lives no mark is set: who looks for one and then removes the run holds it meanwhile.
Result<Fd> hold_marks(const ResultsVolume& volume);

}  // namespace studyctl
