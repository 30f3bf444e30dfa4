#include "plan/repetition_rule.h"

#include <gtest/gtest.h>

#include <limits>

namespace studyctl {
namespace {

RepetitionRule rule_with(double width, std::initializer_list<double> values) {
  RepetitionRule rule({"latency", width, 20});
  for (const double value : values) rule.note(0, value);
  return rule;
}

TEST(RepetitionRule, LooksFromFiveCyclesOn) {
  const RepetitionRule rule = rule_with(0.5, {1, 1, 1, 1});
  EXPECT_TRUE(rule.wants_another(0, 4));
  EXPECT_FALSE(rule.wants_another(0, 5));
}

// t(0.975, 4) = 2.776: ± 2.776 · 0.1581 / √5 = ± 0.1963 about 10, so the interval is 3.93 % wide.
TEST(RepetitionRule, EndsWhenTheIntervalIsNarrowEnough) {
  EXPECT_TRUE(rule_with(0.039, {9.8, 9.9, 10.0, 10.1, 10.2}).wants_another(0, 5));
  EXPECT_FALSE(rule_with(0.040, {9.8, 9.9, 10.0, 10.1, 10.2}).wants_another(0, 5));
}

TEST(RepetitionRule, TheSignOfTheMeanDoesNotMatter) {
  EXPECT_FALSE(rule_with(0.040, {-9.8, -9.9, -10.0, -10.1, -10.2}).wants_another(0, 5));
}

TEST(RepetitionRule, EndsAtTheLastCycleHoweverUncertain) {
  EXPECT_TRUE(rule_with(0.01, {1, 2, 3, 4, 5}).wants_another(0, 19));
  EXPECT_FALSE(rule_with(0.01, {1, 2, 3, 4, 5}).wants_another(0, 20));
}

TEST(RepetitionRule, AnExperimentWithoutTheMetricGoesOn) {
  const RepetitionRule rule = rule_with(0.5, {std::numeric_limits<double>::quiet_NaN()});
  EXPECT_TRUE(rule.wants_another(0, 5));
  EXPECT_TRUE(rule.wants_another(7, 5));
}

}  // namespace
}  // namespace studyctl
