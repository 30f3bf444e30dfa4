#include "model/energy.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

EnergySpan span(int from, int to, double joules) {
  return {Instant(std::chrono::seconds(from)), Instant(std::chrono::seconds(to)), joules};
}

TEST(SharedEnergy, OfOneThatRanAloneIsAllOfIt) {
  EXPECT_EQ(shared_energy({span(0, 10, 100), span(10, 20, 50)}), (std::vector<double>{100, 50}));
  EXPECT_TRUE(shared_energy({}).empty());
}

// The package used 10 W all the time: 150 J in 15 s.
TEST(SharedEnergy, IsSharedWhileSeveralRan) {
  EXPECT_EQ(shared_energy({span(0, 10, 100), span(5, 15, 100)}), (std::vector<double>{75, 75}));
  EXPECT_EQ(shared_energy({span(0, 10, 100), span(0, 10, 100)}), (std::vector<double>{50, 50}));
}

TEST(SharedEnergy, OfWhatTookNoTimeIsKept) {
  EXPECT_EQ(shared_energy({span(3, 3, 7)}), std::vector<double>{7});
}

TEST(EnergyText, HasThreeDigits) {
  EXPECT_EQ(energy_text(0), "0 J");
  EXPECT_EQ(energy_text(850), "850 J");
  EXPECT_EQ(energy_text(999.7), "1 kJ");
  EXPECT_EQ(energy_text(12345), "12.3 kJ");
  EXPECT_EQ(energy_text(4.56e6), "4.56 MJ");
}

}  // namespace
}  // namespace studyctl
