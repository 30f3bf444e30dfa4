#include "plan/kept_index.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace studyctl {
namespace {

constexpr uint64_t kBlock = 256;

}  // namespace

// Walks over the segments of the grid in order. At each level it holds the rules that the rows so far
// satisfy.
class KeptIndex::Cursor {
 public:
  explicit Cursor(const KeptIndex& index)
      : index_(index),
        places_(index.levels_.size()),
        live_((index.levels_.size() + 1) * index.words_, ~uint64_t{0}) {}

  // The segment that holds `raw`, from `raw` on.
  Segment seek(uint64_t raw) {
    uint64_t rest = raw;
    for (depth_ = 0;; ++depth_) {
      const Level& level = index_.levels_[depth_];
      Place& place = places_[depth_];
      place.row = rest / level.stride;
      rest %= level.stride;
      place.run = static_cast<size_t>(std::upper_bound(level.runs.begin(), level.runs.end(), place.row,
                                                       [](uint64_t row, const RowClasses::Run& run) {
                                                         return row < run.first;
                                                       }) -
                                      level.runs.begin()) -
                  1;
      if (decide()) break;
    }
    segment_.begin = raw;
    segment_.end = raw - rest + rows_left() * index_.levels_[depth_].stride;
    return segment_;
  }

  // The segment after the last one; there must be one.
  Segment next() {
    places_[depth_].row += rows_left();
    ++places_[depth_].run;
    while (places_[depth_].row == index_.levels_[depth_].rows) {
      const Place& above = places_[--depth_];
      const bool run_ends = rows_left() == 1;
      places_[depth_] = {above.row + 1, above.run + (run_ends ? 1 : 0)};
    }
    while (!decide()) places_[++depth_] = {};
    segment_.begin = segment_.end;
    segment_.end += rows_left() * index_.levels_[depth_].stride;
    return segment_;
  }

 private:
  struct Place {
    uint64_t row = 0;
    size_t run = 0;
  };

  // From the row at this depth to the end of its run.
  uint64_t rows_left() const {
    const Level& level = index_.levels_[depth_];
    const Place& place = places_[depth_];
    const bool last = place.run + 1 == level.runs.size();
    return (last ? level.rows : level.runs[place.run + 1].first) - place.row;
  }

  // True when the rows down to this depth settle the fate of all below them.
  bool decide() {
    const Level& level = index_.levels_[depth_];
    const size_t words = index_.words_;
    const uint64_t* mask = level.masks.data() + level.runs[places_[depth_].run].row_class * words;
    const uint64_t* before = live_.data() + depth_ * words;
    uint64_t* after = live_.data() + (depth_ + 1) * words;
    for (size_t word = 0; word < words; ++word) after[word] = before[word] & mask[word];

    segment_.excluded_by = std::nullopt;
    for (size_t word = 0; word < words; ++word) {
      if (after[word] == 0) continue;
      // A rule before all that are complete may still be the first to match.
      const auto first = static_cast<size_t>(std::countr_zero(after[word]));
      if (((level.complete[word] >> first) & 1) == 0) return false;
      segment_.excluded_by = word * 64 + first;
      return true;
    }
    return true;
  }

  const KeptIndex& index_;
  size_t depth_ = 0;
  std::vector<Place> places_;
  std::vector<uint64_t> live_;  // of level d at (d + 1) * words
  Segment segment_;
};

KeptIndex::KeptIndex(const std::vector<RowClasses>& axes, size_t rules)
    : words_((rules + 63) / 64), first_excluded_(rules) {
  std::vector<size_t> last_level(rules, 0);
  for (const RowClasses& axis : axes) {
    raw_size_ *= axis.rows();
    add_level(axis);
    for (const size_t rule : axis.restricted_by()) last_level[rule] = levels_.size() - 1;
  }
  if (axes.empty()) add_level(RowClasses(1, rules));
  uint64_t stride = 1;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    level->stride = stride;
    stride *= level->rows;
  }
  note_complete_rules(last_level);
  count();
}

uint64_t KeptIndex::raw(uint64_t index) const {
  assert(index < size_);
  const auto block =
      std::upper_bound(kept_before_.begin(), kept_before_.end(), index) - kept_before_.begin() - 1;
  uint64_t remaining = index - kept_before_[static_cast<size_t>(block)];
  Cursor cursor(*this);
  Segment segment = cursor.seek(static_cast<uint64_t>(block) * kBlock);
  while (true) {
    const uint64_t kept = segment.excluded_by ? 0 : segment.end - segment.begin;
    if (remaining < kept) return segment.begin + remaining;
    remaining -= kept;
    segment = cursor.next();
  }
}

bool KeptIndex::keeps(uint64_t raw) const {
  assert(raw < raw_size_);
  return !Cursor(*this).seek(raw).excluded_by;
}

void KeptIndex::add_level(const RowClasses& axis) {
  const bool plain = axis.restricted_by().empty();
  if (plain && !levels_.empty() && levels_.back().runs.size() == 1) {
    levels_.back().rows *= axis.rows();
    return;
  }
  Level level;
  level.rows = axis.rows();
  level.runs = axis.runs();
  for (uint32_t row_class = 0; row_class < axis.classes(); ++row_class) {
    const std::span<const uint64_t> mask = axis.mask(row_class);
    level.masks.insert(level.masks.end(), mask.begin(), mask.end());
  }
  levels_.push_back(std::move(level));
}

void KeptIndex::note_complete_rules(const std::vector<size_t>& last_level) {
  for (size_t depth = 0; depth < levels_.size(); ++depth) {
    levels_[depth].complete.resize(words_);
    for (size_t rule = 0; rule < last_level.size(); ++rule) {
      if (last_level[rule] <= depth) levels_[depth].complete[rule / 64] |= uint64_t{1} << (rule % 64);
    }
  }
}

void KeptIndex::count() {
  kept_before_.reserve(raw_size_ / kBlock + 1);
  Cursor cursor(*this);
  for (Segment segment = cursor.seek(0);; segment = cursor.next()) {
    const uint64_t points = segment.end - segment.begin;
    while (kept_before_.size() * kBlock < segment.end) {
      const uint64_t before = kept_before_.size() * kBlock - segment.begin;
      kept_before_.push_back(size_ + (segment.excluded_by ? 0 : before));
    }
    (segment.excluded_by ? first_excluded_[*segment.excluded_by] : size_) += points;
    if (segment.end == raw_size_) return;
  }
}

}  // namespace studyctl
