#include "plan/kept_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace studyctl {
namespace {

// The rows of each axis that a rule names; an axis it does not name is absent.
using Rule = std::map<size_t, std::vector<uint64_t>>;

struct Grid {
  std::vector<uint64_t> sizes;
  std::vector<Rule> rules;

  KeptIndex index() const {
    std::vector<RowClasses> axes;
    for (size_t axis = 0; axis < sizes.size(); ++axis) {
      axes.emplace_back(sizes[axis], rules.size());
      for (size_t rule = 0; rule < rules.size(); ++rule) {
        const auto rows = rules[rule].find(axis);
        if (rows != rules[rule].end()) axes.back().restrict(rule, rows->second);
      }
    }
    return KeptIndex(axes, rules.size());
  }

  // The first rule that matches, or how many rules there are.
  size_t first_match(uint64_t raw) const {
    std::vector<uint64_t> rows(sizes.size());
    for (size_t axis = sizes.size(); axis-- > 0; raw /= sizes[axis]) rows[axis] = raw % sizes[axis];
    for (size_t rule = 0; rule < rules.size(); ++rule) {
      bool matches = true;
      for (const auto& [axis, named] : rules[rule]) {
        matches = matches && std::find(named.begin(), named.end(), rows[axis]) != named.end();
      }
      if (matches) return rule;
    }
    return rules.size();
  }
};

void expect_as_counted_by_hand(const Grid& grid) {
  const KeptIndex index = grid.index();
  uint64_t kept = 0;
  std::vector<uint64_t> excluded(grid.rules.size());
  for (uint64_t raw = 0; raw < index.raw_size(); ++raw) {
    const size_t match = grid.first_match(raw);
    ASSERT_EQ(index.keeps(raw), match == grid.rules.size()) << raw;
    if (match < grid.rules.size()) {
      ++excluded[match];
    } else {
      ASSERT_EQ(index.raw(kept), raw);
      ++kept;
    }
  }
  EXPECT_EQ(index.size(), kept);
  EXPECT_EQ(index.first_excluded(), excluded);
}

TEST(KeptIndex, WithoutRulesIsTheWholeGrid) {
  const KeptIndex index = Grid{{3, 4, 100}, {}}.index();
  EXPECT_EQ(index.size(), 1200u);
  EXPECT_EQ(index.raw(1199), 1199u);
}

TEST(KeptIndex, WithoutAxesIsOnePoint) {
  const KeptIndex index = Grid{{}, {}}.index();
  EXPECT_EQ(index.size(), 1u);
  EXPECT_EQ(index.raw(0), 0u);
}

TEST(KeptIndex, LeavesOutWhatMatchesEveryAxisOfARule) {
  const KeptIndex index = Grid{{2, 3}, {{{0, {1}}, {1, {0, 2}}}}}.index();
  ASSERT_EQ(index.size(), 4u);
  EXPECT_EQ(index.raw(3), 4u);
  EXPECT_EQ(index.first_excluded(), (std::vector<uint64_t>{2}));
}

TEST(KeptIndex, CountsAPointForTheFirstRuleThatMatchesIt) {
  const Grid grid{{2, 2}, {{{1, {0}}}, {{0, {0}}}, {{0, {0, 1}}}}};
  EXPECT_EQ(grid.index().first_excluded(), (std::vector<uint64_t>{2, 1, 1}));
  EXPECT_EQ(grid.index().size(), 0u);
}

TEST(KeptIndex, ARuleWithoutAxesExcludesEverything) {
  const KeptIndex index = Grid{{2, 2}, {Rule{}}}.index();
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.first_excluded(), (std::vector<uint64_t>{4}));
}

TEST(KeptIndex, ARuleThatNamesNoRowExcludesNothing) {
  expect_as_counted_by_hand({{3, 3}, {{{0, {}}, {1, {0}}}}});
}

TEST(KeptIndex, WorksBeyondAWordOfRules) {
  Grid grid{{70, 5}, {}};
  for (uint64_t row = 0; row < 70; ++row) grid.rules.push_back({{0, {row}}, {1, {row % 5}}});
  grid.rules.push_back({{1, {0, 3}}});
  expect_as_counted_by_hand(grid);
}

TEST(KeptIndex, RandomGridsAreAsCountedByHand) {
  std::mt19937 random(20261122);
  const auto below = [&random](uint64_t bound) {
    return std::uniform_int_distribution<uint64_t>(0, bound - 1)(random);
  };
  for (int round = 0; round < 300; ++round) {
    Grid grid;
    for (uint64_t axes = 1 + below(5); axes > 0; --axes) grid.sizes.push_back(1 + below(6));
    if (below(4) == 0) grid.sizes[below(grid.sizes.size())] = 300 + below(300);
    for (uint64_t rules = below(6); rules > 0; --rules) {
      Rule rule;
      for (size_t axis = 0; axis < grid.sizes.size(); ++axis) {
        if (below(2) == 0) continue;
        std::vector<uint64_t>& rows = rule[axis];
        for (uint64_t row = 0; row < grid.sizes[axis]; ++row) {
          if (below(3) == 0) rows.push_back(row);
        }
      }
      grid.rules.push_back(rule);
    }
    SCOPED_TRACE("round " + std::to_string(round));
    expect_as_counted_by_hand(grid);
  }
}

}  // namespace
}  // namespace studyctl
