#include "plan/row_classes.h"

#include <iterator>

namespace studyctl {

RowClasses::RowClasses(uint64_t rows, size_t facts)
    : rows_(rows),
      words_((facts + 63) / 64),
      masks_(words_, ~uint64_t{0}),
      members_{rows},
      starts_{{0, 0}},
      without_(words_, ~uint64_t{0}) {}

void RowClasses::restrict(size_t fact, std::span<const RowInterval> where) {
  const size_t word = fact / 64;
  const uint64_t bit = uint64_t{1} << (fact % 64);
  without_[word] &= ~bit;
  for (size_t at = word; at < masks_.size(); at += words_) masks_[at] &= ~bit;

  const auto each = [&](auto visit) {
    for (const RowInterval& interval : where) {
      const Starts::iterator end = interval.end < rows_ ? split(interval.end) : starts_.end();
      for (auto part = split(interval.begin); part != end; ++part) visit(part);
    }
  };
  const auto size_of = [&](Starts::iterator part) {
    const auto next = std::next(part);
    return (next == starts_.end() ? rows_ : next->first) - part->first;
  };
  std::map<uint32_t, uint64_t> moving;
  each([&](Starts::iterator part) { moving[part->second] += size_of(part); });
  // A class that moves whole is changed where it is, so that there are never more classes than rows.
  std::map<uint32_t, uint32_t> target;
  for (const auto& [from, count] : moving) {
    const uint32_t to = count == members_[from] ? from : copied(from);
    masks_[to * words_ + word] |= bit;
    target[from] = to;
    members_[from] -= count;
    members_[to] += count;
  }
  each([&](Starts::iterator part) { part->second = target[part->second]; });
}

std::vector<RowClasses::Run> RowClasses::runs() const {
  std::vector<Run> runs;
  for (const auto& [first, row_class] : starts_) {
    if (runs.empty() || runs.back().row_class != row_class) runs.push_back({first, row_class});
  }
  return runs;
}

std::span<const uint64_t> RowClasses::mask(uint32_t row_class) const {
  return std::span(masks_).subspan(row_class * words_, words_);
}

// The part that begins at `row`, made if need be.
RowClasses::Starts::iterator RowClasses::split(uint64_t row) {
  const auto part = std::prev(starts_.upper_bound(row));
  return part->first == row ? part : starts_.emplace_hint(std::next(part), row, part->second);
}

uint32_t RowClasses::copied(uint32_t row_class) {
  for (size_t word = 0; word < words_; ++word) masks_.push_back(masks_[row_class * words_ + word]);
  members_.push_back(0);
  return static_cast<uint32_t>(members_.size() - 1);
}

}  // namespace studyctl
