#include "control/experiments.h"

namespace studyctl {

const ExperimentFacts& Experiments::facts(uint64_t index) {
  if (auto found = kept_.find(index); found != kept_.end()) return found->second;
  if (kept_.size() >= kMostKept) kept_.clear();
  const Point point = plan_.at(index);
  const ExperimentIdentity identity = identifier_.of(point);
  const double cores = static_cast<double>(study_.pod.main.resources.millicpu.value_or(0)) / 1000.0;
  return kept_[index] = {identity.id, identity.identity, canonical_parameters(point), cores};
}

}  // namespace studyctl
