#pragma once

#include "base/ids.h"
#include "model/study.h"
#include "simulation/dice.h"

namespace studyctl {

struct RandomStudy {
  Study study;
  uint64_t experiments = 1;
  uint64_t groups = 0;  // experiments go round through so many; 0: the threshold does not group
  std::optional<uint64_t> at_most;
};

// How one attempt behaves once it runs.
struct Workload {
  Duration length{0};
  int exit_code = 0;
  Reason reason = Reason::Completed;
};

RandomStudy random_study(Dice& dice);

// The same for the same seed and attempt, whatever happened before.
Workload workload_of(uint64_t seed, const AttemptKey& key, const Execution& execution);

}  // namespace studyctl
