#include "store/harvest/statistics.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(StatisticsOf, AreTheUsualFive) {
  const Statistics odd = statistics_of({5, 1, 3});
  EXPECT_EQ(odd.n, 3u);
  EXPECT_EQ(odd.mean, 3);
  EXPECT_EQ(odd.median, 3);
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.max, 5);
  EXPECT_EQ(statistics_of({4, 1, 2, 10}).median, 3);
  EXPECT_EQ(statistics_of({7}).median, 7);
  EXPECT_NEAR(statistics_of({0.1, 0.2, 0.3}).mean, 0.2, 1e-15);
}

TEST(StatisticsOf, BearLargeNumbers) {
  EXPECT_EQ(statistics_of({1.5e308, 1.5e308}).median, 1.5e308);
  EXPECT_EQ(statistics_of({1.5e308, 1.5e308}).mean, 1.5e308);
}

TEST(GroupedStatistics, GroupByAllParametersOverTheCycles) {
  GroupedStatistics statistics({});
  statistics.add({{"level", "1"}, {"threads", "4"}}, {{"rate", 10, "MB/s"}, {"ratio", 2, ""}});
  statistics.add({{"level", "2"}, {"threads", "4"}}, {{"rate", 5, "MB/s"}});
  statistics.add({{"level", "1"}, {"threads", "4"}}, {{"rate", 20, "MB/s"}});
  const auto groups = statistics.groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].parameters, (Parameters{{"level", "1"}, {"threads", "4"}}));
  EXPECT_EQ(groups[0].repetitions, 2u);
  ASSERT_EQ(groups[0].metrics.size(), 2u);
  EXPECT_EQ(groups[0].metrics[0].name, "rate");
  EXPECT_EQ(groups[0].metrics[0].unit, "MB/s");
  EXPECT_EQ(groups[0].metrics[0].statistics.n, 2u);
  EXPECT_EQ(groups[0].metrics[0].statistics.mean, 15);
  EXPECT_EQ(groups[0].metrics[1].statistics.n, 1u);
  EXPECT_EQ(groups[1].parameters[0].second, "2");
}

TEST(GroupedStatistics, GroupBySomeParameters) {
  GroupedStatistics statistics({"threads", "gpu"});
  statistics.add({{"level", "1"}, {"threads", "4"}}, {{"rate", 10, ""}});
  statistics.add({{"level", "2"}, {"threads", "4"}}, {{"rate", 30, ""}});
  statistics.add({{"level", "2"}, {"threads", "8"}, {"gpu", "a"}}, {});
  const auto groups = statistics.groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].parameters, (Parameters{{"threads", "4"}, {"gpu", ""}}));
  EXPECT_EQ(groups[0].metrics[0].statistics.median, 20);
  EXPECT_EQ(groups[1].repetitions, 1u);
  EXPECT_TRUE(groups[1].metrics.empty());
}

}  // namespace
}  // namespace studyctl
