#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "model/states.h"
#include "store/catalog.h"

namespace studyctl {

// An experiment of which at least one repetition was started, with those of its repetitions that a filter
// lets through.
struct ExperimentSummary {
  uint32_t generation = 1;
  uint64_t index = 0;  // in the plan
  std::string experiment;
  std::string parameters;  // JSON object
  std::array<uint64_t, kRepetitionStates> counts{};
  std::array<uint64_t, kReasons> reasons{};  // why their last attempts ended; Completed included
  uint64_t fail_count = 0;
};

// In the order of the plan, read page by page: a slow `visit` does not hold up the controller. `visit`
// returns false to end. `limit`, `after` and `cycle` of the filter are not looked at.
Result<void> visit_experiments(const std::filesystem::path& database, const std::string& run_id,
                               const RepetitionFilter& filter,
                               const std::function<bool(const ExperimentSummary&)>& visit);

}  // namespace studyctl
