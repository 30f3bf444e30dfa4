#include "plan/duration_model.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using Levels = DurationModel::Levels;
using std::chrono::seconds;

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

DurationModel model_of(std::initializer_list<std::pair<uint32_t, Duration>> seen) {
  DurationModel model(1);
  for (const auto& [level, duration] : seen) model.add({level}, duration);
  return model;
}

DurationModel steady_minutes() {
  DurationModel model(1);
  for (int i = 0; i < 50; ++i) model.add({0}, seconds(60));
  return model;
}

TEST(DurationModel, KnowsNothingBeforeOneIsDone) {
  EXPECT_FALSE(model_of({}).forecast(
      3,
      [](uint64_t) {
        return DurationModel::Repetition{{0}, {}, {}};
      },
      1));
}

TEST(DurationModel, SaysTheSameWhenItIsAskedAgain) {
  const DurationModel model = model_of({{0, seconds(10)}, {1, seconds(100)}, {1, seconds(130)}});
  const auto at = [](uint64_t i) { return DurationModel::Repetition{{static_cast<uint32_t>(i)}, {}, {}}; };
  EXPECT_EQ(model.forecast(3, at, 1)->p90, model.forecast(3, at, 1)->p90);
}

TEST(DurationModel, WhatRunsBesideEachOtherTakesNoLongerThanOne) {
  const auto at = [](uint64_t) { return DurationModel::Repetition{{0}, {}, {}}; };
  const DurationModel model = steady_minutes();
  EXPECT_NEAR(in_seconds(model.forecast(4, at, 1)->p50), 240, 12);
  EXPECT_NEAR(in_seconds(model.forecast(4, at, 4)->p50), 60, 8);
}

TEST(DurationModel, WhatHasRunForAWhileNeedsTheRestOnly) {
  const auto at = [](uint64_t) { return DurationModel::Repetition{{0}, seconds(50), {}}; };
  EXPECT_LT(in_seconds(steady_minutes().forecast(1, at, 1)->p50), 20);
}

TEST(DurationModel, WhatIsKnownToBeLeftIsTakenAsItIs) {
  const auto at = [](uint64_t) { return DurationModel::Repetition{{0}, {}, seconds(7)}; };
  EXPECT_EQ(steady_minutes().forecast(3, at, 1)->p90, seconds(21));
}

TEST(DurationModel, ALevelThatNobodyHasSeenMakesItLessSure) {
  DurationModel model(1);
  for (uint32_t level = 0; level < 4; ++level) {
    for (int i = 0; i < 5; ++i) model.add({level}, seconds(10 << (2 * level)));
  }
  const Forecast seen = *model.forecast(
      1,
      [](uint64_t) {
        return DurationModel::Repetition{{1}, {}, {}};
      },
      1);
  const Forecast unseen = *model.forecast(
      1,
      [](uint64_t) {
        return DurationModel::Repetition{{9}, {}, {}};
      },
      1);
  EXPECT_GT(in_seconds(unseen.p90) / in_seconds(unseen.p50), 2 * in_seconds(seen.p90) / in_seconds(seen.p50));
}

TEST(DurationModel, AMillionAreForecastFromAFewThousandOfThem) {
  uint64_t asked = 0;
  const auto at = [&](uint64_t) { return ++asked, DurationModel::Repetition{{0}, {}, {}}; };
  const Forecast forecast = *steady_minutes().forecast(1'000'000, at, 10);
  EXPECT_NEAR(in_seconds(forecast.p50), 6e6, 3e5);
  EXPECT_LE(asked, 2000u);
}

}  // namespace
}  // namespace studyctl
