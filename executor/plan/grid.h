#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan/row_classes.h"

namespace studyctl {

// Numbers the points of a sweep: what exclude rules leave of a grid whose axes need not all be everywhere.
// The first axis is the slowest. It is a decision diagram: a node is what may still become of a point after
// the rows of the first axes, so that equal remainders are counted once; memory goes with what rules and
// scopes tell apart, not with points.
class Grid {
 public:
  // Facts 0 … rules - 1 of the rows: they meet that exclude rule. A scoped axis is there where the fact
  // `scope` holds for a row of an axis before it.
  struct Level {
    RowClasses rows;
    std::optional<size_t> scope;
  };
  static constexpr uint64_t kAbsent = ~uint64_t{0};  // the row of an axis that is not there

  Grid(std::span<const Level> levels, size_t facts, size_t rules);

  // Points that stay; kTooMany where they do not fit in 63 bits, or where the rules tell apart more than can
  // be kept.
  uint64_t size() const { return size_; }
  static constexpr uint64_t kTooMany = uint64_t{1} << 63;
  // Points before anything is excluded.
  uint64_t raw_size() const;
  // How many points each rule is the first to exclude.
  const std::vector<uint64_t>& first_excluded() const { return first_excluded_; }

  // The row of each axis at `index` < size().
  std::vector<uint64_t> rows(uint64_t index) const;
  // Where the point with these rows is; nothing when it is excluded, or has no place there.
  std::optional<uint64_t> index(std::span<const uint64_t> rows) const;

 private:
  // So many rows from first_row on lead to `child`; `before` points lie before them below this node.
  struct Edge {
    uint64_t first_row;
    uint64_t rows;
    uint64_t before;
    uint32_t child;
  };
  struct Node {
    size_t first_edge;
    uint64_t size = 0;
  };
  class Builder;

  std::span<const Edge> edges_of(uint32_t node) const;

  size_t levels_;
  std::vector<Node> nodes_;  // level by level, the root first, what all ends in last
  std::vector<Edge> edges_;  // node by node
  std::vector<uint64_t> first_excluded_;
  uint64_t size_ = 0;
};

}  // namespace studyctl
