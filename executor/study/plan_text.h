#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/estimate.h"
#include "store/volume.h"
#include "study/study_source.h"

namespace studyctl {

// What apply and plan begin with: how many experiments and repetitions, what was excluded and why, how long
// it may take.
std::vector<std::string> plan_summary(const LoadedStudy& study,
                                      const std::optional<Experience>& experience = std::nullopt);

// What earlier runs of the study on this volume tell of its wall time; nothing where there was none.
std::optional<Experience> experience_of(const LoadedStudy& study, const Result<ResultsVolume>& volume);

}  // namespace studyctl
