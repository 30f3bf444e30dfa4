#include "plan/grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace studyctl {
namespace {

// The rows of each axis that a rule names; an axis it does not name is absent.
using Rule = std::map<size_t, std::vector<uint64_t>>;

// An axis that is there where another, before it, has a certain row.
struct ScopedTo {
  size_t owner;
  uint64_t row;
};

struct Sketch {
  std::vector<uint64_t> sizes;
  std::vector<Rule> rules;
  std::map<size_t, ScopedTo> scopes = {};

  Grid grid() const {
    std::vector<Grid::Level> levels;
    const size_t facts = rules.size() + scopes.size();
    for (const uint64_t size : sizes) levels.push_back({RowClasses(size, facts), std::nullopt});
    for (size_t rule = 0; rule < rules.size(); ++rule) {
      for (const auto& [axis, rows] : rules[rule]) {
        std::vector<RowInterval> where;
        for (const uint64_t row : rows) where.push_back({row, row + 1});
        levels[axis].rows.restrict(rule, where);
      }
    }
    size_t fact = rules.size();
    for (const auto& [axis, scope] : scopes) {
      levels[scope.owner].rows.restrict(fact, std::vector<RowInterval>{{scope.row, scope.row + 1}});
      levels[axis].scope = fact++;
    }
    return Grid(levels, facts, rules.size());
  }

  // The rows of every point of the grid, in order, before anything is excluded.
  std::vector<std::vector<uint64_t>> points() const {
    std::vector<std::vector<uint64_t>> points = {{}};
    for (size_t axis = 0; axis < sizes.size(); ++axis) {
      std::vector<std::vector<uint64_t>> longer;
      for (const std::vector<uint64_t>& point : points) {
        const auto scope = scopes.find(axis);
        const bool is_there = scope == scopes.end() || point[scope->second.owner] == scope->second.row;
        for (uint64_t row = 0; row < (is_there ? sizes[axis] : 1); ++row) {
          longer.push_back(point);
          longer.back().push_back(is_there ? row : Grid::kAbsent);
        }
      }
      points = std::move(longer);
    }
    return points;
  }

  // The first rule that matches, or how many rules there are.
  size_t first_match(const std::vector<uint64_t>& rows) const {
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

void expect_as_counted_by_hand(const Sketch& sketch) {
  const Grid grid = sketch.grid();
  uint64_t kept = 0;
  std::vector<uint64_t> excluded(sketch.rules.size());
  const std::vector<std::vector<uint64_t>> points = sketch.points();
  for (const std::vector<uint64_t>& point : points) {
    const size_t match = sketch.first_match(point);
    if (match < sketch.rules.size()) {
      ++excluded[match];
      ASSERT_EQ(grid.index(point), std::nullopt);
    } else {
      ASSERT_EQ(grid.index(point), kept);
      ASSERT_EQ(grid.rows(kept), point);
      ++kept;
    }
  }
  EXPECT_EQ(grid.size(), kept);
  EXPECT_EQ(grid.raw_size(), points.size());
  EXPECT_EQ(grid.first_excluded(), excluded);
}

TEST(Grid, WithoutRulesIsEveryCombination) {
  const Grid grid = Sketch{{3, 4, 100}, {}}.grid();
  EXPECT_EQ(grid.size(), 1200u);
  EXPECT_EQ(grid.rows(1199), (std::vector<uint64_t>{2, 3, 99}));
}

TEST(Grid, WithoutAxesIsOnePoint) {
  const Grid grid = Sketch{{}, {}}.grid();
  EXPECT_EQ(grid.size(), 1u);
  EXPECT_TRUE(grid.rows(0).empty());
}

TEST(Grid, LeavesOutWhatMatchesEveryAxisOfARule) {
  const Grid grid = Sketch{{2, 3}, {{{0, {1}}, {1, {0, 2}}}}}.grid();
  ASSERT_EQ(grid.size(), 4u);
  EXPECT_EQ(grid.rows(3), (std::vector<uint64_t>{1, 1}));
  EXPECT_EQ(grid.first_excluded(), (std::vector<uint64_t>{2}));
}

TEST(Grid, CountsAPointForTheFirstRuleThatMatchesIt) {
  const Sketch sketch{{2, 2}, {{{1, {0}}}, {{0, {0}}}, {{0, {0, 1}}}}};
  EXPECT_EQ(sketch.grid().first_excluded(), (std::vector<uint64_t>{2, 1, 1}));
  EXPECT_EQ(sketch.grid().size(), 0u);
}

TEST(Grid, ARuleWithoutAxesExcludesEverything) {
  const Grid grid = Sketch{{2, 2}, {Rule{}}}.grid();
  EXPECT_EQ(grid.size(), 0u);
  EXPECT_EQ(grid.first_excluded(), (std::vector<uint64_t>{4}));
}

TEST(Grid, ARuleThatNamesNoRowExcludesNothing) {
  expect_as_counted_by_hand({{3, 3}, {{{0, {}}, {1, {0}}}}});
}

TEST(Grid, AScopedAxisHasPointsInItsScopeAlone) {
  const Sketch sketch{{2, 3, 2}, {}, {{1, {0, 1}}}};
  EXPECT_EQ(sketch.grid().size(), 2u + 6u);
  expect_as_counted_by_hand(sketch);
}

TEST(Grid, ScopesNest) {
  const Sketch sketch{{2, 2, 3}, {}, {{1, {0, 1}}, {2, {1, 0}}}};
  EXPECT_EQ(sketch.grid().size(), 1u + 3u + 1u);
  expect_as_counted_by_hand(sketch);
}

TEST(Grid, ManyBranchesCostTheirSumAndNotTheirProduct) {
  Sketch sketch{{20}, {}};
  for (size_t branch = 0; branch < 20; ++branch) {
    sketch.sizes.push_back(1000);
    sketch.scopes[branch + 1] = {0, branch};
  }
  EXPECT_EQ(sketch.grid().size(), 20'000u);
}

TEST(Grid, WorksBeyondAWordOfRules) {
  Sketch sketch{{70, 5}, {}};
  for (uint64_t row = 0; row < 70; ++row) sketch.rules.push_back({{0, {row}}, {1, {row % 5}}});
  sketch.rules.push_back({{1, {0, 3}}});
  expect_as_counted_by_hand(sketch);
}

TEST(Grid, TooManyPointsAreSaidAndNotCountedWrong) {
  EXPECT_EQ((Sketch{{1u << 30, 1u << 30, 1u << 30}, {}}).grid().size(), Grid::kTooMany);
}

// Every combination of rows meets another set of rules: nothing can be counted together.
TEST(Grid, RulesThatTellTooMuchApartAreRefusedInTime) {
  Sketch sketch{std::vector<uint64_t>(40, 3), {}};
  for (size_t axis = 0; axis < 20; ++axis)
    for (uint64_t row = 0; row < 3; ++row) sketch.rules.push_back({{axis, {row}}, {39 - axis, {row}}});
  EXPECT_EQ(sketch.grid().size(), Grid::kTooMany);
}

TEST(Grid, RandomGridsAreAsCountedByHand) {
  std::mt19937 random(20261122);
  const auto below = [&random](uint64_t bound) {
    return std::uniform_int_distribution<uint64_t>(0, bound - 1)(random);
  };
  for (int round = 0; round < 1000; ++round) {
    Sketch sketch;
    for (uint64_t axes = 1 + below(5); axes > 0; --axes) sketch.sizes.push_back(1 + below(5));
    if (below(8) == 0) sketch.sizes[below(sketch.sizes.size())] = 100 + below(100);
    for (size_t axis = 1; axis < sketch.sizes.size(); ++axis) {
      const size_t owner = below(axis);
      if (below(3) == 0) sketch.scopes[axis] = {owner, below(sketch.sizes[owner])};
    }
    for (uint64_t rules = below(6); rules > 0; --rules) {
      Rule rule;
      for (size_t axis = 0; axis < sketch.sizes.size(); ++axis) {
        if (below(2) == 0) continue;
        std::vector<uint64_t>& rows = rule[axis];
        for (uint64_t row = 0; row < sketch.sizes[axis]; ++row) {
          if (below(3) == 0) rows.push_back(row);
        }
      }
      sketch.rules.push_back(rule);
    }
    SCOPED_TRACE("round " + std::to_string(round));
    expect_as_counted_by_hand(sketch);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace studyctl
