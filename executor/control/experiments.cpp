#include "control/experiments.h"

namespace studyctl {

Experiments::Experiments(Design design) : current_(design), identifier_(design.study, design.inputs) {}

void Experiments::set_earlier(uint32_t generation, std::function<const Design*(uint32_t)> find) {
  generation_ = generation;
  earlier_ = std::move(find);
}

const Experiments::Design* Experiments::find(const RepetitionKey& key) const {
  return key.generation >= generation_ ? &current_ : earlier_(key.generation);
}

const Experiments::Design& Experiments::design(const RepetitionKey& key) const {
  const Design* found = find(key);
  return found ? *found : current_;
}

const ExperimentFacts& Experiments::facts(const RepetitionKey& key) {
  const RepetitionKey first{key.generation, key.index, 1};
  if (auto found = kept_.find(first); found != kept_.end()) return found->second;
  if (kept_.size() >= kMostKept) kept_.clear();
  const Design* design = find(key);
  if (!design) return kept_[first] = {"unknown", "", "{}", 0};
  const Point point = design->plan.at(key.index);
  const ExperimentIdentity identity =
      design == &current_ ? identifier_.of(point) : Identifier(design->study, design->inputs).of(point);
  const Resources resources = variant_of(design->study, point).pod.main.resources;
  const double cores = static_cast<double>(resources.millicpu.value_or(0)) / 1000.0;
  return kept_[first] = {identity.id, identity.identity, canonical_parameters(point), cores};
}

}  // namespace studyctl
