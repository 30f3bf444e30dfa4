#include "plan/row_classes.h"

#include <algorithm>

namespace studyctl {

RowClasses::RowClasses(uint64_t rows, size_t rules)
    : rows_(rows), words_((rules + 63) / 64), masks_(words_, ~uint64_t{0}), members_{rows} {
  if (rules % 64 != 0) masks_.back() = (uint64_t{1} << (rules % 64)) - 1;
}

void RowClasses::restrict(size_t rule, std::span<const uint64_t> satisfying) {
  restricted_by_.push_back(rule);
  const size_t word = rule / 64;
  const uint64_t bit = uint64_t{1} << (rule % 64);
  for (size_t at = word; at < masks_.size(); at += words_) masks_[at] &= ~bit;

  std::unordered_map<uint32_t, uint64_t> moving;
  for (const uint64_t row : satisfying) ++moving[class_of(row)];
  // A class that moves whole is changed where it is, so that there are never more classes than rows.
  std::unordered_map<uint32_t, uint32_t> target;
  for (const auto& [from, count] : moving) {
    const uint32_t to = count == members_[from] ? from : copied(from);
    masks_[to * words_ + word] |= bit;
    target[from] = to;
    members_[from] -= count;
    members_[to] += count;
  }
  for (const uint64_t row : satisfying) {
    const uint32_t from = class_of(row);
    if (target[from] != from) classes_[row] = target[from];
  }
}

std::vector<RowClasses::Run> RowClasses::runs() const {
  std::vector<Run> named;
  named.reserve(classes_.size());
  for (const auto& [row, row_class] : classes_) named.push_back({row, row_class});
  std::sort(named.begin(), named.end(), [](const Run& a, const Run& b) { return a.first < b.first; });

  std::vector<Run> runs;
  uint64_t next = 0;
  const auto add = [&runs](uint64_t first, uint32_t row_class) {
    if (runs.empty() || runs.back().row_class != row_class) runs.push_back({first, row_class});
  };
  for (const Run& run : named) {
    if (next < run.first) add(next, 0);
    add(run.first, run.row_class);
    next = run.first + 1;
  }
  if (next < rows_) add(next, 0);
  return runs;
}

std::span<const uint64_t> RowClasses::mask(uint32_t row_class) const {
  return std::span(masks_).subspan(row_class * words_, words_);
}

uint32_t RowClasses::class_of(uint64_t row) const {
  const auto found = classes_.find(row);
  return found == classes_.end() ? 0 : found->second;
}

uint32_t RowClasses::copied(uint32_t row_class) {
  for (size_t word = 0; word < words_; ++word) masks_.push_back(masks_[row_class * words_ + word]);
  members_.push_back(0);
  return static_cast<uint32_t>(members_.size() - 1);
}

}  // namespace studyctl
