#include "model/conclusions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace studyctl {
namespace {

using Standing = MetricSummary::Standing;

// backend × model, measured in five cycles: pytorch and vllm, each small and large.
constexpr double kPytorch[5][2] = {{10.1, 20.2}, {11.3, 19.7}, {9.6, 22.4}, {10.9, 21.1}, {10.4, 20.0}};
constexpr double kVllm[5][2] = {{8.0, 15.5}, {8.8, 15.1}, {7.9, 17.0}, {8.3, 16.2}, {8.2, 15.9}};

Measurements measured(Metric::Goal goal = Metric::Goal::Minimize) {
  Measurements measured;
  measured.parameters = {{"backend", {"pytorch", "vllm"}}, {"model", {"small", "large"}}, {"fixed", {"1"}}};
  measured.points = {{0, 0, 0}, {0, 1, 0}, {1, 0, 0}, {1, 1, 0}};
  measured.names = {"a", "b", "c", "d"};
  Measurements::Series latency{"latency", "ms", goal, {}};
  for (uint32_t cycle = 0; cycle < 5; ++cycle) {
    for (uint32_t point = 0; point < 4; ++point) {
      const Instant at(std::chrono::minutes(measured.rows.size()));
      measured.rows.push_back({point, cycle + 1, at});
      latency.values.push_back(point < 2 ? kPytorch[cycle][point] : kVllm[cycle][point - 2]);
    }
  }
  measured.series = {latency};
  return measured;
}

Conclusions concluded(const Measurements& measured, const Question& question) {
  auto conclusions = conclude(measured, question);
  EXPECT_TRUE(conclusions) << conclusions.error().message;
  return *std::move(conclusions);
}

TEST(Conclusions, GroupsAreMadeByEveryParameterThatVaries) {
  const Measurements all = measured();
  const Conclusions conclusions = concluded(all, {});
  EXPECT_EQ(conclusions.by, (std::vector<uint32_t>{0, 1}));
  ASSERT_EQ(conclusions.groups.size(), 4u);
  EXPECT_EQ(conclusions.groups[1].metrics[0].n, 5u);
  EXPECT_EQ(conclusions.groups[1].metrics[0].min, 19.7);
  EXPECT_EQ(conclusions.groups[1].metrics[0].max, 22.4);
}

TEST(Conclusions, GroupsAreInTheOrderOfThePlanWhateverEndedFirst) {
  Measurements all = measured();
  std::reverse(all.rows.begin(), all.rows.end());
  std::reverse(all.series[0].values.begin(), all.series[0].values.end());
  const Conclusions conclusions = concluded(all, {});
  ASSERT_EQ(conclusions.groups.size(), 4u);
  for (uint32_t point = 0; point < 4; ++point) EXPECT_EQ(conclusions.groups[point].point, point);
  EXPECT_EQ(conclusions.groups[1].metrics[0].max, 22.4);
}

// SciPy 1.10.1: t.interval(0.95, 4, mean, sem) of the means of the cycles is (15.055046, 16.084954); the
// median of their medians 15.5; numpy's std(ddof=1) of all ten values 5.453653.
TEST(Conclusions, ACycleCountsOnceHoweverManyExperimentsItHas) {
  const Measurements all = measured();
  const MetricSummary pytorch = concluded(all, {{"backend"}, {}, 0}).groups[0].metrics[0];
  EXPECT_EQ(pytorch.n, 10u);
  EXPECT_EQ(pytorch.cycles, 5u);
  EXPECT_NEAR(pytorch.mean, 15.57, 1e-9);
  EXPECT_NEAR(pytorch.mean_interval->low, 15.055046146414181, 1e-9);
  EXPECT_NEAR(pytorch.mean_interval->high, 16.084953853585816, 1e-9);
  EXPECT_NEAR(pytorch.median, 15.5, 1e-9);
  EXPECT_NEAR(pytorch.standard_deviation, 5.453653209852395, 1e-9);
  EXPECT_FALSE(pytorch.median_interval) << "ten cycles are wanted";
}

// SciPy 1.10.1 over the paired differences of the cycles' means: −3.48, (−3.756253, −3.203747).
TEST(Conclusions, AGroupIsComparedWithItsBaselineCycleByCycle) {
  const Measurements all = measured();
  const Conclusions conclusions = concluded(all, {{"backend"}, {{"backend", "pytorch"}}, 0});
  EXPECT_FALSE(conclusions.groups[0].metrics[0].against) << "it is the baseline";
  const Comparison vllm = *conclusions.groups[1].metrics[0].against;
  EXPECT_EQ(vllm.cycles, 5u);
  EXPECT_NEAR(vllm.difference, -3.48, 1e-9);
  EXPECT_NEAR(vllm.difference_interval->low, -3.7562527999487982, 1e-9);
  EXPECT_NEAR(vllm.difference_interval->high, -3.203747200051201, 1e-9);
  EXPECT_NEAR(vllm.ratio, 0.7764932562620425, 1e-9);
}

TEST(Conclusions, ABaselineIsLookedForAmongTheGroupsThatAreElseTheSame) {
  const Measurements all = measured();
  const Conclusions conclusions = concluded(all, {{}, {{"backend", "pytorch"}}, 0});
  EXPECT_NEAR(conclusions.groups[3].metrics[0].against->difference, -4.74, 1e-9) << "large with large";
}

TEST(Conclusions, CyclesThatOnlyOneOfThemHasAreNoPairs) {
  Measurements all = measured();
  all.keep([&](size_t row) { return all.rows[row].cycle != 3 || all.rows[row].point >= 2; });
  const Conclusions conclusions = concluded(all, {{"backend"}, {{"backend", "pytorch"}}, 0});
  EXPECT_EQ(conclusions.groups[1].metrics[0].against->cycles, 4u);
  EXPECT_EQ(conclusions.groups[1].metrics[0].cycles, 5u);
}

TEST(Conclusions, TheBestIsTheOneThatTheGoalAsksFor) {
  const Measurements least = measured(), most = measured(Metric::Goal::Maximize);
  EXPECT_EQ(concluded(least, {}).groups[2].metrics[0].standing, Standing::Best);
  EXPECT_EQ(concluded(most, {}).groups[1].metrics[0].standing, Standing::Best);
  EXPECT_EQ(concluded(most, {}).groups[0].metrics[0].standing, Standing::None);
  const Measurements aimless = measured(Metric::Goal::None);
  EXPECT_EQ(concluded(aimless, {}).groups[2].metrics[0].standing, Standing::None);
}

TEST(Conclusions, WhatIsNotToldApartFromTheBestIsTied) {
  Measurements all = measured();
  std::mt19937_64 random(3);
  std::normal_distribution<double> noise(10, 1);
  for (double& value : all.series[0].values) value = noise(random);
  int best = 0, tied = 0;
  for (const ResultGroup& group : concluded(all, {}).groups) {
    best += group.metrics[0].standing == Standing::Best;
    tied += group.metrics[0].standing == Standing::Tied;
  }
  EXPECT_EQ(best, 1);
  EXPECT_GE(tied, 2);
}

TEST(Conclusions, WhatIsNoNumberIsLeftOut) {
  Measurements all = measured();
  all.series[0].values[0] = std::numeric_limits<double>::quiet_NaN();
  all.series[0].values[4] = std::numeric_limits<double>::infinity();
  const Conclusions conclusions = concluded(all, {});
  EXPECT_EQ(conclusions.groups[0].repetitions, 5u);
  EXPECT_EQ(conclusions.groups[0].metrics[0].n, 3u);
  EXPECT_NEAR(conclusions.groups[0].metrics[0].mean, (9.6 + 10.9 + 10.4) / 3, 1e-9);
}

TEST(Conclusions, MediansAndRatiosHaveIntervalsFromTenCyclesOn) {
  Measurements all = measured();
  const size_t rows = all.rows.size();
  for (size_t row = 0; row < rows; ++row) {
    all.rows.push_back({all.rows[row].point, all.rows[row].cycle + 5, all.rows[row].ended_at});
    all.series[0].values.push_back(all.series[0].values[row] + 0.01);
  }
  const MetricSummary vllm = concluded(all, {{"backend"}, {{"backend", "pytorch"}}, 7}).groups[1].metrics[0];
  EXPECT_LE(vllm.median_interval->low, vllm.median);
  EXPECT_GE(vllm.median_interval->high, vllm.median);
  EXPECT_LT(vllm.against->ratio_interval->low, vllm.against->ratio);
  EXPECT_GT(vllm.against->ratio_interval->high, vllm.against->ratio);
}

TEST(Conclusions, WhatIsAskedInVainIsSaid) {
  const Measurements all = measured();
  const auto said = [&](const Question& question) { return conclude(all, question).error().message; };
  EXPECT_EQ(said({{"solvent"}, {}, 0}),
            "--by solvent: no experiment has this parameter; there is: backend, model, fixed");
  EXPECT_EQ(said({{"model"}, {{"backend", "pytorch"}}, 0}),
            "--baseline backend=pytorch: groups are not made by it, but by model");
  EXPECT_EQ(said({{}, {{"backend", "jax"}}, 0}),
            "--baseline backend=jax: nothing was measured there; there is: pytorch, vllm");
}

TEST(Conclusions, NothingMeasuredIsNoConclusion) {
  EXPECT_TRUE(concluded(Measurements{}, {{"backend"}, {}, 0}).groups.empty());
}

TEST(Conclusions, AMetricThatMovesWithTimeIsNamed) {
  Measurements all = measured();
  for (size_t row = 0; row < all.rows.size(); ++row)
    all.series[0].values[row] = (1 + all.rows[row].point) * (1 + 0.02 * static_cast<double>(row));
  const std::vector<MetricDrift> drifts = drifts_of(all);
  ASSERT_EQ(drifts.size(), 1u);
  EXPECT_TRUE(drift_text(drifts[0]).starts_with("latency moves with time, whatever the parameters: +"))
      << drift_text(drifts[0]);
  EXPECT_TRUE(drifts_of(measured()).empty());
}

}  // namespace
}  // namespace studyctl
