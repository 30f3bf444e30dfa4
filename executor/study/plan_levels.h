#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace studyctl {

// The parameters of all experiments of a plan by columns: four bytes for each of an experiment.
struct PlanLevels {
  static constexpr uint32_t kAbsent = UINT32_MAX;

  struct Parameter {
    std::string name;
    std::vector<std::string> levels;  // its values as written, in the order in which they first come
    std::vector<uint32_t> at;         // the level of the experiment at an index; kAbsent where it has none
  };

  // Looks at all points once.
  static PlanLevels of(const Plan& plan);
  // Null when there is none.
  const Parameter* find(const std::string& name) const;

  std::vector<Parameter> parameters;
};

}  // namespace studyctl
