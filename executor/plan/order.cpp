#include "plan/order.h"

#include <bit>
#include <cassert>

namespace studyctl {
namespace {

// The finalizer of splitmix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
// 2014).
uint64_t mixed(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// A bijection of 0 … size-1 that is computed point by point: a balanced Feistel network (Luby and Rackoff,
// "How to construct pseudorandom permutations", 1988) over the smallest even number of bits that holds
// `size`; a result outside is permuted again until it is inside ("cycle walking": Black and Rogaway, "Ciphers
// with arbitrary finite domains", 2002), at most four times on average. Its results are part of what a seed
// means: they never change.
class Permutation {
 public:
  Permutation(uint64_t size, uint64_t key) : size_(size), key_(key) {
    half_bits_ = (static_cast<uint32_t>(std::bit_width(size - 1)) + 1) / 2;
    half_mask_ = (uint64_t{1} << half_bits_) - 1;
  }

  uint64_t at(uint64_t position) const {
    if (size_ < 2) return position;
    do { position = encrypted(position); } while (position >= size_);
    return position;
  }

 private:
  static constexpr uint64_t kRounds = 8;

  uint64_t encrypted(uint64_t block) const {
    uint64_t left = block >> half_bits_;
    uint64_t right = block & half_mask_;
    for (uint64_t round = 0; round < kRounds; ++round) {
      const uint64_t next = left ^ (mixed(key_ + mixed((right << 8) | round)) & half_mask_);
      left = right;
      right = next;
    }
    return (left << half_bits_) | right;
  }

  uint64_t size_;
  uint64_t key_;
  uint32_t half_bits_;
  uint64_t half_mask_;
};

}  // namespace

RepetitionKey RunOrder::at(uint64_t position) const {
  assert(position < size());
  RepetitionKey key;
  if (order_ == Order::Sequential) {
    key.index = position / cycles_;
    key.cycle = static_cast<uint32_t>(position % cycles_) + 1;
    return key;
  }
  key.cycle = static_cast<uint32_t>(position / experiments_) + 1;
  key.index = position % experiments_;
  if (order_ == Order::Shuffled)
    key.index = Permutation(experiments_, mixed(seed_) + key.cycle).at(key.index);
  if (order_ == Order::Abba && key.cycle % 2 == 0) key.index = experiments_ - 1 - key.index;
  return key;
}

uint64_t RunOrder::earliest(const RepetitionKey& key) const {
  return order_ == Order::Sequential ? key.index * cycles_ + (key.cycle - 1) : (key.cycle - 1) * experiments_;
}

}  // namespace studyctl
