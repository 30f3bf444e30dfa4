#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/study.h"
#include "plan/row_classes.h"

namespace studyctl {

// Finds rows of an axis by their values. What it needs is made when it is first asked for. The axis must
// outlive it.
class RowFinder {
 public:
  explicit RowFinder(const Axis& axis) : axis_(axis) {}

  const Axis& axis() const { return axis_; }
  // The place of `name` among the axis' names.
  std::optional<size_t> place_of(std::string_view name) const;
  // Rows whose value meets `requirement`, which is about one of the axis' names: ascending, disjoint, apart.
  std::vector<RowInterval> rows_with(const Requirement& requirement);
  // The row that has exactly these values, one for each name.
  std::optional<uint64_t> row_of(const std::vector<Value>& values);

 private:
  std::vector<RowInterval> rows_listed(size_t name, const std::vector<Value>& values);

  using RowsByText = std::unordered_map<std::string, std::vector<uint64_t>>;
  const RowsByText& by_text(size_t name);

  const Axis& axis_;
  std::map<size_t, RowsByText> by_text_;
  std::unordered_map<std::string, uint64_t> by_values_;
};

// Rows that are in both; ascending, disjoint.
std::vector<RowInterval> in_both(const std::vector<RowInterval>& a, const std::vector<RowInterval>& b);

// What two rows, or two points, have in common exactly when they are the same: kinds and literal texts.
void append_key(std::string& key, const Value& value);

}  // namespace studyctl
