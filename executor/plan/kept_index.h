#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/row_classes.h"

namespace studyctl {

// Numbers the points of a grid that exclude rules leave. `raw` is a point's number in the whole grid, the
// first axis being the slowest; `index` its number among those that are left. Memory: 8 bytes for 256 raw
// points.
class KeptIndex {
 public:
  // Goes through the grid once, by whole sub-grids where the leading axes decide. The product of the axes'
  // rows must fit into 64 bits.
  KeptIndex(const std::vector<RowClasses>& axes, size_t rules);

  uint64_t raw_size() const { return raw_size_; }
  uint64_t size() const { return size_; }
  // `index` < size().
  uint64_t raw(uint64_t index) const;
  // `raw` < raw_size().
  bool keeps(uint64_t raw) const;
  // How many points each rule is the first to exclude.
  const std::vector<uint64_t>& first_excluded() const { return first_excluded_; }

 private:
  // An axis that rules name, or neighbours that none does, as one.
  struct Level {
    uint64_t rows = 1;
    uint64_t stride = 1;  // raw points below one row
    std::vector<RowClasses::Run> runs;
    std::vector<uint64_t> masks;     // words_ a class
    std::vector<uint64_t> complete;  // rules that name no axis below this one
  };
  // Raw points begin … end - 1 have one fate.
  struct Segment {
    uint64_t begin = 0;
    uint64_t end = 0;
    std::optional<size_t> excluded_by;
  };
  class Cursor;

  void add_level(const RowClasses& axis);
  void note_complete_rules(const std::vector<size_t>& last_level);
  void count();

  size_t words_;
  uint64_t raw_size_ = 1;
  uint64_t size_ = 0;
  std::vector<Level> levels_;
  std::vector<uint64_t> kept_before_;  // block b: kept points of raw < b * 256
  std::vector<uint64_t> first_excluded_;
};

}  // namespace studyctl
