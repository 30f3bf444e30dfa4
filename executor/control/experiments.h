#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "plan/experiment.h"
#include "plan/plan.h"
#include "plan/variant.h"
#include "store/run_record.h"

namespace studyctl {

// The experiments of a run: what they are made from, and who they are, made when asked for and kept for a
// while: a run asks for the same ones many times over. One thread.
class Experiments {
 public:
  // One generation. What it names must outlive it.
  struct Design {
    const Study& study;
    const Plan& plan;
    const Inputs& inputs;
  };

  // All keys are of this design, until set_earlier() says what those of earlier generations are of.
  explicit Experiments(Design design);
  // Keys of a generation before `generation` are of the design that `find` has; it must have one for every
  // attempt that has not ended.
  void set_earlier(uint32_t generation, std::function<const Design*(uint32_t generation)> find);

  // Good until the next call. Without a design, all that is said is that it is not known.
  const ExperimentFacts& facts(const RepetitionKey& key);
  Point point(const RepetitionKey& key) const { return design(key).plan.at(key.index); }
  const Study& study(const RepetitionKey& key) const { return design(key).study; }
  // With the overrides that match.
  Variant variant(const RepetitionKey& key) const { return variant_of(study(key), point(key)); }
  const Inputs& inputs(const RepetitionKey& key) const { return design(key).inputs; }

 private:
  static constexpr size_t kMostKept = 4096;

  const Design* find(const RepetitionKey& key) const;
  const Design& design(const RepetitionKey& key) const;

  Design current_;
  Identifier identifier_;
  uint32_t generation_ = 1;
  std::function<const Design*(uint32_t)> earlier_;
  std::unordered_map<RepetitionKey, ExperimentFacts> kept_;  // by key of the first cycle
};

}  // namespace studyctl
