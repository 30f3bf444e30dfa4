#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "plan/experiment.h"
#include "plan/plan.h"
#include "store/run_record.h"

namespace studyctl {

// Who the experiments of a plan are, made when asked for and kept for a while: a run asks for the same ones
// many times over. What it is made from must outlive it. One thread.
class Experiments {
 public:
  Experiments(const Study& study, const Plan& plan, const Inputs& inputs)
      : study_(study), plan_(plan), identifier_(study, inputs) {}

  // Good until the next call.
  const ExperimentFacts& facts(uint64_t index);
  Point point(uint64_t index) const { return plan_.at(index); }

 private:
  static constexpr size_t kMostKept = 4096;

  const Study& study_;
  const Plan& plan_;
  Identifier identifier_;
  std::unordered_map<uint64_t, ExperimentFacts> kept_;
};

}  // namespace studyctl
