#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/study.h"

namespace studyctl {

// That any experiment may have.
uint32_t most_cycles(const Execution& execution);

// Which experiments need another cycle, by what a metric came to in those that they have had. Pure.
class RepetitionRule {
 public:
  explicit RepetitionRule(RepeatUntil rule) : rule_(std::move(rule)) {}

  const RepeatUntil& rule() const { return rule_; }
  // What the metric came to in one cycle of an experiment; what is no number is left out.
  void note(uint64_t index, double value);
  // `cycles` of it are planned, and over. An experiment whose metric is missing goes on to the last cycle.
  bool wants_another(uint64_t index, uint32_t cycles) const;

 private:
  RepeatUntil rule_;
  std::unordered_map<uint64_t, std::vector<double>> values_;
};

}  // namespace studyctl
