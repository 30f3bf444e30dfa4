#include "plan/grid.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <unordered_map>

namespace studyctl {
namespace {

// What a hostile set of rules may cost.
constexpr size_t kMostEdges = size_t{1} << 22;
constexpr size_t kMostWords = size_t{1} << 24;

uint64_t capped_product(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? Grid::kTooMany : std::min(product, Grid::kTooMany);
}

uint64_t capped_sum(uint64_t a, uint64_t b) {
  return std::min(a + b, Grid::kTooMany);
}

using Mask = std::vector<uint64_t>;

struct MaskHash {
  size_t operator()(const Mask& mask) const {
    uint64_t hash = 0;
    for (const uint64_t word : mask) {
      hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

}  // namespace

// Makes a level's nodes from those of the level above. The facts that still hold are what tells nodes apart.
class Grid::Builder {
 public:
  Builder(Grid& grid, std::span<const Level> levels, size_t facts, size_t rules)
      : grid_(grid), levels_(levels), words_((facts + 63) / 64), rules_(rules), rule_words_(words_) {
    for (size_t rule = 0; rule < rules; ++rule) rule_words_[rule / 64] |= uint64_t{1} << (rule % 64);
    complete_.assign(levels.size() + 1, rule_words_);
    for (size_t level = levels.size(); level-- > 0;) {
      const std::span<const uint64_t> without = levels[level].rows.mask_without();
      for (size_t word = 0; word < words_; ++word)
        complete_[level][word] = complete_[level + 1][word] & without[word];
    }
    Mask all(words_);
    for (size_t fact = 0; fact < facts; ++fact) all[fact / 64] |= uint64_t{1} << (fact % 64);
    above_ = {complete_after(0, all)};
    points_ = {1};
    grid_.nodes_.push_back({});
  }

  // False when it costs too much.
  bool build() {
    for (size_t level = 0; level < levels_.size(); ++level) {
      if (!add(level)) return false;
    }
    grid_.first_excluded_.resize(rules_);
    const size_t first = grid_.nodes_.size() - above_.size();
    for (size_t i = 0; i < above_.size(); ++i) {
      grid_.nodes_[first + i].first_edge = grid_.edges_.size();
      const std::optional<size_t> rule = first_rule(above_[i]);
      if (!rule) grid_.nodes_[first + i].size = 1;
      if (rule) grid_.first_excluded_[*rule] = capped_sum(grid_.first_excluded_[*rule], points_[i]);
    }
    return true;
  }

 private:
  bool add(size_t level) {
    const std::vector<RowClasses::Run> runs = levels_[level].rows.runs();
    const size_t first = grid_.nodes_.size() - above_.size();
    below_.clear();
    masks_.clear();
    points_below_.clear();
    for (size_t i = 0; i < above_.size(); ++i) {
      grid_.nodes_[first + i].first_edge = grid_.edges_.size();
      if (const auto scope = levels_[level].scope; scope && !holds(above_[i], *scope)) {
        lead(level, above_[i], levels_[level].rows.mask_without(), {kAbsent, 1, points_[i]});
        continue;
      }
      for (size_t run = 0; run < runs.size(); ++run) {
        const uint64_t end = run + 1 == runs.size() ? levels_[level].rows.rows() : runs[run + 1].first;
        lead(level, above_[i], levels_[level].rows.mask(runs[run].row_class),
             {runs[run].first, end - runs[run].first, points_[i]});
      }
      if (grid_.edges_.size() > kMostEdges || masks_.size() * words_ > kMostWords) return false;
    }
    above_ = std::move(masks_);
    points_ = std::move(points_below_);
    return true;
  }

  struct Step {
    uint64_t first_row, rows, points;
  };

  void lead(size_t level, const Mask& mask, std::span<const uint64_t> rows, const Step& step) {
    Mask next(words_);
    for (size_t word = 0; word < words_; ++word) next[word] = mask[word] & rows[word];
    if (const auto scope = levels_[level].scope) next[*scope / 64] &= ~(uint64_t{1} << (*scope % 64));
    next = complete_after(level + 1, std::move(next));
    const auto [found, is_new] = below_.emplace(next, static_cast<uint32_t>(grid_.nodes_.size()));
    if (is_new) {
      grid_.nodes_.push_back({});
      masks_.push_back(std::move(next));
      points_below_.push_back(0);
    }
    uint64_t& points = points_below_[points_below_.size() - (grid_.nodes_.size() - found->second)];
    points = capped_sum(points, capped_product(step.points, step.rows));
    const Edge* last = grid_.edges_.empty() ? nullptr : &grid_.edges_.back();
    const bool goes_on = last != nullptr && step.first_row > 0 && step.first_row != kAbsent &&
                         last->child == found->second && last->first_row < step.first_row;
    if (goes_on) {
      grid_.edges_.back().rows += step.rows;
    } else {
      grid_.edges_.push_back({step.first_row, step.rows, 0, found->second});
    }
  }

  // The rules behind one that is met whatever follows can no longer be the first.
  Mask complete_after(size_t level, Mask mask) const {
    bool met = false;
    for (size_t word = 0; word < words_; ++word) {
      if (met) {
        mask[word] &= ~rule_words_[word];
      } else if (const uint64_t live = mask[word] & complete_[level][word]; live != 0) {
        const uint64_t behind = ~(live ^ (live - 1));
        mask[word] &= ~(behind & rule_words_[word]);
        met = true;
      }
    }
    return mask;
  }

  static bool holds(const Mask& mask, size_t fact) { return (mask[fact / 64] >> (fact % 64) & 1) != 0; }

  std::optional<size_t> first_rule(const Mask& mask) const {
    for (size_t word = 0; word < words_; ++word) {
      if (const uint64_t live = mask[word] & rule_words_[word]; live != 0)
        return word * 64 + static_cast<size_t>(std::countr_zero(live));
    }
    return std::nullopt;
  }

  Grid& grid_;
  std::span<const Level> levels_;
  size_t words_;
  size_t rules_;
  Mask rule_words_;
  std::vector<Mask> complete_;       // of each level: the rules that no axis from there on is named in
  std::vector<Mask> above_, masks_;  // of a level's nodes
  std::vector<uint64_t> points_, points_below_;  // before anything is excluded, that lead to each
  std::unordered_map<Mask, uint32_t, MaskHash> below_;
};

Grid::Grid(std::span<const Level> levels, size_t facts, size_t rules) : levels_(levels.size()) {
  if (!Builder(*this, levels, facts, rules).build()) {
    size_ = kTooMany;
    return;
  }
  edges_.shrink_to_fit();
  // What lies below is numbered higher.
  size_t end = edges_.size();
  for (size_t node = nodes_.size(); node-- > 0; end = nodes_[node].first_edge) {
    for (size_t edge = nodes_[node].first_edge; edge < end; ++edge) {
      edges_[edge].before = nodes_[node].size;
      const uint64_t points = capped_product(edges_[edge].rows, nodes_[edges_[edge].child].size);
      nodes_[node].size = capped_sum(nodes_[node].size, points);
    }
  }
  size_ = nodes_[0].size;
}

uint64_t Grid::raw_size() const {
  uint64_t size = size_;
  for (const uint64_t excluded : first_excluded_) size = capped_sum(size, excluded);
  return size;
}

std::span<const Grid::Edge> Grid::edges_of(uint32_t node) const {
  const size_t first = nodes_[node].first_edge;
  const size_t end = node + 1 == nodes_.size() ? edges_.size() : nodes_[node + 1].first_edge;
  return std::span(edges_).subspan(first, end - first);
}

std::vector<uint64_t> Grid::rows(uint64_t index) const {
  assert(index < size_);
  std::vector<uint64_t> rows(levels_);
  uint32_t node = 0;
  for (uint64_t& row : rows) {
    const std::span<const Edge> edges = edges_of(node);
    // An edge without points begins where the next one does.
    const auto edge = std::prev(std::upper_bound(edges.begin(), edges.end(), index,
                                                 [](uint64_t at, const Edge& e) { return at < e.before; }));
    node = edge->child;
    index -= edge->before;
    row = edge->first_row == kAbsent ? kAbsent : edge->first_row + index / nodes_[node].size;
    index %= nodes_[node].size;
  }
  return rows;
}

std::optional<uint64_t> Grid::index(std::span<const uint64_t> rows) const {
  uint32_t node = 0;
  uint64_t index = 0;
  for (const uint64_t row : rows) {
    const std::span<const Edge> edges = edges_of(node);
    const auto after = std::upper_bound(edges.begin(), edges.end(), row,
                                        [](uint64_t wanted, const Edge& e) { return wanted < e.first_row; });
    if (after == edges.begin()) return std::nullopt;
    const Edge& edge = *std::prev(after);
    if ((edge.first_row == kAbsent) != (row == kAbsent)) return std::nullopt;
    node = edge.child;
    index += edge.before + (row == kAbsent ? 0 : (row - edge.first_row) * nodes_[node].size);
  }
  return nodes_[node].size == 0 ? std::nullopt : std::optional(index);
}

}  // namespace studyctl
