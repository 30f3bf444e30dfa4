#pragma once

#include <cstdint>

#include "base/ids.h"
#include "model/study.h"

namespace studyctl {

// The order in which repetitions start, computed by position: nothing is stored.
//   Sequential   all cycles of one experiment, then the next (AAABBB)
//   Interleaved  all experiments of one cycle, then the next cycle (ABABAB)
//   ABBA         as Interleaved, but every second cycle backwards, so that a steady drift hits all alike
//   Shuffled     as Interleaved, but each cycle in its own order, given by the seed alone
class RunOrder {
 public:
  RunOrder(Order order, uint64_t experiments, uint32_t cycles, uint64_t seed)
      : order_(order), experiments_(experiments), cycles_(cycles), seed_(seed) {}

  uint64_t size() const { return experiments_ * cycles_; }
  // `position` < size(). Every repetition has exactly one position.
  RepetitionKey at(uint64_t position) const;
  // No position before this one is that of `key`.
  uint64_t earliest(const RepetitionKey& key) const;

 private:
  Order order_;
  uint64_t experiments_;
  uint32_t cycles_;
  uint64_t seed_;
};

}  // namespace studyctl
