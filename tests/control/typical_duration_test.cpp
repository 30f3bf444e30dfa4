#include "control/typical_duration.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(TypicalDuration, IsNotKnownBeforeThereWereTen) {
  TypicalDuration durations;
  for (int i = 1; i <= 9; ++i) durations.add(Duration(i));
  EXPECT_FALSE(durations.p90());
  durations.add(Duration(10));
  EXPECT_EQ(durations.p90(), Duration(9));
}

TEST(TypicalDuration, IsOfTheNewestThousand) {
  TypicalDuration durations;
  for (int i = 0; i < 1000; ++i) durations.add(Duration(60'000));
  EXPECT_EQ(durations.p90(), Duration(60'000));
  for (int i = 0; i < 950; ++i) durations.add(Duration(10));
  EXPECT_EQ(durations.p90(), Duration(10));
}

}  // namespace
}  // namespace studyctl
