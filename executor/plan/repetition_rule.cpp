#include "plan/repetition_rule.h"

#include <cmath>

#include "model/inference.h"

namespace studyctl {
namespace {

constexpr uint32_t kFewestCycles = 5;

}  // namespace

uint32_t most_cycles(const Execution& execution) {
  return execution.repeat_until ? execution.repeat_until->max_cycles : execution.cycles;
}

void RepetitionRule::note(uint64_t index, double value) {
  if (std::isfinite(value)) values_[index].push_back(value);
}

bool RepetitionRule::wants_another(uint64_t index, uint32_t cycles) const {
  if (cycles >= rule_.max_cycles) return false;
  if (cycles < kFewestCycles) return true;
  const auto found = values_.find(index);
  const auto interval = found == values_.end() ? std::nullopt : mean_interval(found->second);
  if (!interval) return true;
  return interval->high - interval->low > rule_.width * std::abs(mean_of(found->second));
}

}  // namespace studyctl
