#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace studyctl {

// Rows begin … end - 1.
struct RowInterval {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool operator==(const RowInterval&) const = default;
};

// The rows of one axis, told apart only by which facts hold for them ("meets exclude rule 3", "opens scope
// 1"): for rows of one class the same ones hold. It costs memory for intervals that are named, not for rows.
class RowClasses {
 public:
  // At first each of `facts` facts holds for every row.
  RowClasses(uint64_t rows, size_t facts);

  // From here on `fact` holds only for rows in `where` (ascending, disjoint). Call it once a fact at most.
  void restrict(size_t fact, std::span<const RowInterval> where);

  // Rows first … next run's first - 1 are of one class.
  struct Run {
    uint64_t first;
    uint32_t row_class;
  };
  std::vector<Run> runs() const;
  // Bit f of word f / 64: fact f holds for rows of the class.
  std::span<const uint64_t> mask(uint32_t row_class) const;
  // What holds where the axis is not: the facts that restrict() was never called for.
  std::span<const uint64_t> mask_without() const { return without_; }

  uint64_t rows() const { return rows_; }
  bool restricts(size_t fact) const { return (without_[fact / 64] >> (fact % 64) & 1) == 0; }

 private:
  using Starts = std::map<uint64_t, uint32_t>;
  Starts::iterator split(uint64_t row);
  uint32_t copied(uint32_t row_class);

  uint64_t rows_;
  size_t words_;
  std::vector<uint64_t> masks_;    // words_ a class
  std::vector<uint64_t> members_;  // a class
  Starts starts_;                  // of intervals of one class; the class
  std::vector<uint64_t> without_;
};

}  // namespace studyctl
