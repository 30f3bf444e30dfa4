#include "plan/pilot.h"

#include <gtest/gtest.h>

#include "plan/study_builder.h"

namespace studyctl {
namespace {

class PilotTest : public testing::Test {
 protected:
  PilotTest() { study_.sweep = {axis("molecule", {"a", "b", "c"}), axis("basis", {"x", "y"})}; }

  // "0.1 2.1": index and cycle of each.
  std::string pilot(const Pilot& pilot, Order order = Order::Interleaved) {
    const Plan plan = *Plan::make(study_);
    std::string text;
    for (const RepetitionKey& key : pilot_of(pilot, plan, RunOrder(order, plan.size(), 2, 1)))
      text += (text.empty() ? "" : " ") + std::to_string(key.index) + "." + std::to_string(key.cycle);
    return text;
  }

  Study study_;
};

TEST_F(PilotTest, ByCountIsTheBeginningOfTheOrder) {
  EXPECT_EQ(pilot({4, 0, "", {}}), "0.1 1.1 2.1 3.1");
  EXPECT_EQ(pilot({3, 0, "", {}}, Order::Sequential), "0.1 0.2 1.1");
  EXPECT_EQ(pilot({99, 0, "", {}}).size(), 12u * 4 - 1);
}

TEST_F(PilotTest, ByFirstHasAllWithTheFirstValuesOnce) {
  EXPECT_EQ(pilot({0, 2, "molecule", {}}), "0.1 1.1 2.1 3.1");
  EXPECT_EQ(pilot({0, 1, "basis", {}}), "0.1 2.1 4.1");
  EXPECT_EQ(pilot({0, 2, "molecule", {}}, Order::Sequential), "0.1 1.1 2.1 3.1");
}

TEST_F(PilotTest, OnePerHasOneOfEachCombination) {
  EXPECT_EQ(pilot({0, 0, "", {"basis"}}), "0.1 1.1");
  EXPECT_EQ(pilot({0, 0, "", {"molecule"}}), "0.1 2.1 4.1");
  EXPECT_EQ(pilot({0, 0, "", {"molecule", "basis"}}), "0.1 1.1 2.1 3.1 4.1 5.1");
}

TEST_F(PilotTest, ByASelectorHasAllThatMatchOnce) {
  EXPECT_EQ(pilot({0, 0, "molecule in (a, c),basis=y", {}}), "1.1 5.1");
  EXPECT_EQ(pilot({0, 0, "basis!=y", {}}, Order::Sequential), "0.1 2.1 4.1");
}

TEST_F(PilotTest, ASelectorThatMatchesNothingOrCannotBeReadIsInvalid) {
  const Plan plan = *Plan::make(study_);
  EXPECT_TRUE(check_pilot({0, 0, "molecule=a", {}}, plan));
  EXPECT_TRUE(check_pilot({0, 1, "molecule", {}}, plan));
  EXPECT_EQ(check_pilot({0, 0, "molecule=d", {}}, plan).error().message,
            "spec.execution.pilot.of: no experiment matches molecule=d");
  EXPECT_EQ(check_pilot({0, 0, "molecule=(", {}}, plan).error().code, ErrorCode::Invalid);
}

}  // namespace
}  // namespace studyctl
