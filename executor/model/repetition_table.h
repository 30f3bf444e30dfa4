#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/states.h"

namespace studyctl {

// The repetitions of one generation: which of them are planned, and what each is at; a byte per repetition.
// What became of one that is no longer planned is kept, and counts nowhere.
class RepetitionTable {
 public:
  RepetitionTable() = default;
  RepetitionTable(uint64_t experiments, uint32_t cycles);

  uint64_t experiments() const { return experiments_; }
  // Cycles that are planned of every experiment; of some there may be more.
  uint32_t cycles() const { return cycles_; }
  uint32_t cycles_of(uint64_t index) const;

  // Beyond these, nothing ever became of any.
  uint32_t known_cycles() const {
    return experiments_ == 0 ? 0 : static_cast<uint32_t>(states_.size() / experiments_);
  }

  // From here on, `cycles` of every experiment are planned, and of those with more as many as before.
  void plan(uint32_t cycles);
  // And of this one, at least so many.
  void plan_one(uint64_t index, uint32_t cycles);

  bool has(uint64_t index, uint32_t cycle) const {
    return index < experiments_ && cycle >= 1 && cycle <= cycles_of(index);
  }
  // Waiting where nothing ever became of it.
  RepetitionState state(uint64_t index, uint32_t cycle) const;
  void set(uint64_t index, uint32_t cycle, RepetitionState state);
  // All planned ones that are at `from`.
  void set_all(RepetitionState from, RepetitionState to);

  uint64_t total() const { return total_; }
  uint64_t count(RepetitionState state) const { return counts_.at(static_cast<size_t>(state)); }
  // False when the counts differ from the states.
  bool is_sound() const;

 private:
  using Counts = std::array<uint64_t, kRepetitionStates>;
  uint64_t slot(uint64_t index, uint32_t cycle) const { return (cycle - 1) * experiments_ + index; }
  void make_room(uint32_t cycles);
  Counts counted() const;

  uint64_t experiments_ = 0;
  uint64_t total_ = 0;
  uint32_t cycles_ = 0;
  std::unordered_map<uint64_t, uint32_t> more_;  // of the experiments with more cycles than all have
  std::vector<RepetitionState> states_;          // cycle by cycle, as far as any was ever planned
  Counts counts_{};
};

}  // namespace studyctl
