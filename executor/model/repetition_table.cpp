#include "model/repetition_table.h"

#include <algorithm>
#include <numeric>

namespace studyctl {

RepetitionTable::RepetitionTable(uint64_t experiments, uint32_t cycles) : experiments_(experiments) {
  plan(cycles);
}

uint32_t RepetitionTable::cycles_of(uint64_t index) const {
  if (more_.empty()) return cycles_;
  const auto found = more_.find(index);
  return found == more_.end() ? cycles_ : std::max(cycles_, found->second);
}

void RepetitionTable::plan(uint32_t cycles) {
  cycles_ = cycles;
  make_room(cycles);
  counts_ = counted();
  total_ = std::accumulate(counts_.begin(), counts_.end(), uint64_t{0});
}

void RepetitionTable::plan_one(uint64_t index, uint32_t cycles) {
  for (uint32_t cycle = cycles_of(index) + 1; cycle <= cycles; ++cycle) {
    more_[index] = cycle;
    make_room(cycle);
    ++counts_.at(static_cast<size_t>(state(index, cycle)));
    ++total_;
  }
}

void RepetitionTable::make_room(uint32_t cycles) {
  if (known_cycles() < cycles) states_.resize(cycles * experiments_, RepetitionState::Waiting);
}

RepetitionState RepetitionTable::state(uint64_t index, uint32_t cycle) const {
  const uint64_t place = slot(index, cycle);
  return place < states_.size() ? states_[place] : RepetitionState::Waiting;
}

void RepetitionTable::set(uint64_t index, uint32_t cycle, RepetitionState to) {
  make_room(cycle);
  RepetitionState& state = states_.at(slot(index, cycle));
  if (has(index, cycle)) {
    --counts_.at(static_cast<size_t>(state));
    ++counts_.at(static_cast<size_t>(to));
  }
  state = to;
}

void RepetitionTable::set_all(RepetitionState from, RepetitionState to) {
  for (uint64_t index = 0; index < experiments_; ++index)
    for (uint32_t cycle = 1; cycle <= cycles_of(index); ++cycle)
      if (state(index, cycle) == from) states_[slot(index, cycle)] = to;
  counts_.at(static_cast<size_t>(to)) += count(from);
  counts_.at(static_cast<size_t>(from)) = 0;
}

bool RepetitionTable::is_sound() const {
  return counts_ == counted();
}

RepetitionTable::Counts RepetitionTable::counted() const {
  Counts counts{};
  const auto all = static_cast<std::ptrdiff_t>(cycles_ * experiments_);
  for (auto state = states_.begin(); state != states_.begin() + all; ++state)
    ++counts.at(static_cast<size_t>(*state));
  for (const auto& [index, more] : more_)
    for (uint32_t cycle = cycles_ + 1; cycle <= more; ++cycle)
      ++counts.at(static_cast<size_t>(state(index, cycle)));
  return counts;
}

}  // namespace studyctl
