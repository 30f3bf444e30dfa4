#include "control/core_pool.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(CorePoolTest, WhatARunTakesIsNobodyElses) {
  CorePool pool;
  EXPECT_EQ(pool.take("a", {}, 2, 6), "0-1");
  EXPECT_EQ(pool.take("b", {}, 1, 6), "2");
  EXPECT_EQ(pool.take("a", {0, 1}, 3, 6), "3-5");
  EXPECT_EQ(pool.take("b", {2}, 1, 6), "");
}

TEST(CorePoolTest, WhatARunHasNoMoreIsFree) {
  CorePool pool;
  EXPECT_EQ(pool.take("a", {}, 2, 4), "0-1");
  EXPECT_EQ(pool.take("a", {0, 1}, 2, 4), "2-3");
  pool.hold("a", {2, 3});
  EXPECT_EQ(pool.take("b", {}, 1, 4), "0");
  pool.hold("a", {});
  EXPECT_EQ(pool.take("b", {0}, 3, 4), "1-3");
}

TEST(CorePoolTest, CoresAreNeighboursWhereThatCanBe) {
  CorePool pool;
  pool.hold("a", {1});
  EXPECT_EQ(pool.take("b", {}, 2, 6), "2-3");
  EXPECT_EQ(pool.take("b", {2, 3}, 3, 6), "0,4-5");
  EXPECT_EQ(pool.take("b", {0, 2, 3, 4, 5}, 1, 6), "");
}

TEST(CorePoolTest, ATextNamesCores) {
  EXPECT_EQ(cores_of(""), std::set<int>());
  EXPECT_EQ(cores_of("5"), std::set<int>({5}));
  EXPECT_EQ(cores_of("0,8-11"), std::set<int>({0, 8, 9, 10, 11}));
  EXPECT_EQ(text_of({0, 8, 9, 10, 11}), "0,8-11");
  EXPECT_EQ(text_of({5}), "5");
  EXPECT_EQ(text_of({}), "");
}

}  // namespace
}  // namespace studyctl
