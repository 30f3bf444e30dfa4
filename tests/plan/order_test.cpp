#include "plan/order.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

namespace studyctl {
namespace {

// "0.1 0.2 1.1": index and cycle of every position.
std::string written(const RunOrder& order) {
  std::string text;
  for (uint64_t position = 0; position < order.size(); ++position) {
    const RepetitionKey key = order.at(position);
    if (position > 0) text += " ";
    text += std::to_string(key.index) + "." + std::to_string(key.cycle);
  }
  return text;
}

TEST(RunOrder, SequentialDoesAllCyclesOfAnExperimentAtOnce) {
  EXPECT_EQ(written(RunOrder(Order::Sequential, 3, 2, 0)), "0.1 0.2 1.1 1.2 2.1 2.2");
}

TEST(RunOrder, InterleavedDoesAllExperimentsOfACycleAtOnce) {
  EXPECT_EQ(written(RunOrder(Order::Interleaved, 3, 2, 0)), "0.1 1.1 2.1 0.2 1.2 2.2");
}

TEST(RunOrder, ShuffledGoesCycleByCycleThroughEveryExperimentOnce) {
  for (const uint64_t experiments : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 1000u}) {
    const RunOrder order(Order::Shuffled, experiments, 3, 42);
    for (uint32_t cycle = 1; cycle <= 3; ++cycle) {
      std::set<uint64_t> seen;
      for (uint64_t i = 0; i < experiments; ++i) {
        const RepetitionKey key = order.at((cycle - 1) * experiments + i);
        EXPECT_EQ(key.cycle, cycle);
        EXPECT_LT(key.index, experiments);
        seen.insert(key.index);
      }
      EXPECT_EQ(seen.size(), experiments);
    }
  }
}

TEST(RunOrder, AShuffleIsGivenByItsSeedForEver) {
  EXPECT_EQ(written(RunOrder(Order::Shuffled, 8, 2, 42)),
            "4.1 7.1 1.1 2.1 3.1 0.1 6.1 5.1 7.2 2.2 5.2 3.2 0.2 4.2 1.2 6.2");
}

TEST(RunOrder, CyclesAndSeedsShuffleDifferently) {
  const RunOrder order(Order::Shuffled, 1000, 2, 1);
  const RunOrder other(Order::Shuffled, 1000, 2, 2);
  int same_in_next_cycle = 0;
  int same_in_other_seed = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    if (order.at(i).index == order.at(1000 + i).index) ++same_in_next_cycle;
    if (order.at(i).index == other.at(i).index) ++same_in_other_seed;
  }
  EXPECT_LT(same_in_next_cycle, 10);
  EXPECT_LT(same_in_other_seed, 10);
}

TEST(RunOrder, EveryExperimentIsFirstAboutAsOften) {
  for (const uint64_t experiments : {2u, 3u, 6u, 10u}) {
    std::map<uint64_t, double> first;
    constexpr uint64_t kSeeds = 6000;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      ++first[RunOrder(Order::Shuffled, experiments, 1, seed).at(0).index];
    }
    const double expected = static_cast<double>(kSeeds) / static_cast<double>(experiments);
    for (uint64_t index = 0; index < experiments; ++index) {
      EXPECT_NEAR(first[index], expected, expected * 0.2) << index << " of " << experiments;
    }
  }
}

TEST(RunOrder, AHundredMillionExperimentsNeedNoMemory) {
  const RunOrder order(Order::Shuffled, 100'000'000, 5, 7);
  EXPECT_EQ(order.size(), 500'000'000u);
  EXPECT_LT(order.at(499'999'999).index, 100'000'000u);
  EXPECT_EQ(order.at(499'999'999).cycle, 5u);
}

TEST(RunOrder, AbbaTurnsEverySecondCycle) {
  EXPECT_EQ(written(RunOrder(Order::Abba, 3, 3, 1)), written(RunOrder(Order::Abba, 3, 3, 2)));
  const RunOrder order(Order::Abba, 3, 3, 0);
  std::vector<uint64_t> indexes;
  for (uint64_t position = 0; position < order.size(); ++position)
    indexes.push_back(order.at(position).index);
  EXPECT_EQ(indexes, (std::vector<uint64_t>{0, 1, 2, 2, 1, 0, 0, 1, 2}));
  EXPECT_EQ(order.at(3).cycle, 2u);
}

TEST(RunOrder, EveryOrderIsAPermutation) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 1000; ++round) {
    const uint64_t experiments = 1 + random() % 40;
    const auto cycles = static_cast<uint32_t>(1 + random() % 5);
    for (const auto& [name, kind] : kOrders) {
      const RunOrder order(kind, experiments, cycles, random());
      std::set<std::pair<uint64_t, uint32_t>> seen;
      uint32_t cycle = 1;
      for (uint64_t position = 0; position < order.size(); ++position) {
        const RepetitionKey key = order.at(position);
        ASSERT_TRUE(key.index < experiments && key.cycle >= 1 && key.cycle <= cycles) << name;
        seen.emplace(key.index, key.cycle);
        if (kind == Order::Sequential) continue;
        ASSERT_GE(key.cycle, cycle) << name;
        cycle = key.cycle;
      }
      ASSERT_EQ(seen.size(), experiments * cycles) << name;
    }
  }
}

}  // namespace
}  // namespace studyctl
