#include "control/eta.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using namespace std::chrono_literals;

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Ten points of one axis, in some cycles; what has ended took ten seconds each.
class EtaTest : public testing::Test {
 protected:
  EtaTest() {
    Axis axis;
    axis.names = {"i"};
    axis.values = Range{0, 1, 0, 10};
    study_.sweep = {axis};
  }
  void begin(uint32_t cycles, uint64_t experiments = 10) {
    add(GenerationOpened{1, experiments, cycles});
    add(RunStateChanged{RunState::Running, ""});
  }
  void start(uint64_t index) { add(AttemptIntended{key(index), ""}); }
  void end(uint64_t index, Verdict verdict = Verdict::Succeeded, Duration after = 10s) {
    now_ += after;
    AttemptEnded ended;
    ended.key = key(index);
    ended.verdict = verdict;
    add(ended);
  }
  void run(uint64_t first, uint64_t last) {
    for (uint64_t index = first; index < last; ++index) start(index), end(index);
  }
  std::optional<Forecast> left(int places = 1) {
    return eta_.left({ledger_, study_, places,
                      [&](const RepetitionKey& of) {
                        ++asked_;
                        Point point;
                        point.parameters = {{"i", Value{Value::Kind::Number, std::to_string(of.index)}}};
                        return point;
                      },
                      [&](const RepetitionKey&) { return progress_; }, now_});
  }
  static AttemptKey key(uint64_t index) {
    return {{1, index % 10, static_cast<uint32_t>(index / 10) + 1}, 1};
  }
  void add(Fact fact) {
    const Event event{++seq_, {}, now_, std::move(fact)};
    ledger_.apply(event);
    eta_.note(event);
  }

  Study study_;
  Ledger ledger_;
  Eta eta_;
  Steady now_{1h};
  uint64_t seq_ = 0;
  uint64_t asked_ = 0;
  std::optional<double> progress_;
};

TEST_F(EtaTest, KnowsNothingBeforeOneHasEnded) {
  begin(3);
  start(0);
  EXPECT_FALSE(left());
}

TEST_F(EtaTest, WhatWaitsIsSharedOutOverThePlaces) {
  begin(4);
  run(0, 20);
  EXPECT_NEAR(in_seconds(left()->p50), 200, 10);
  now_ += 10s;
  EXPECT_NEAR(in_seconds(left(4)->p50), 50, 6);
  EXPECT_GE(left()->p90, left()->p50);
}

TEST_F(EtaTest, WhatRunsCountsByWhatItTellsOfItsProgress) {
  begin(1);
  run(0, 9);
  start(9);
  now_ += 60s;
  progress_ = 0.75;
  EXPECT_EQ(left()->p50, 20s);
}

TEST_F(EtaTest, BetweenForecastsTheTimeGoesBy) {
  begin(4);
  run(0, 20);
  const Duration before = left()->p50;
  const uint64_t asked = asked_;
  now_ += 2s;
  EXPECT_EQ(left()->p50, before - 2s);
  EXPECT_EQ(asked_, asked) << "nothing is forecast anew so soon";
}

TEST_F(EtaTest, IsMadeAnewEarlyOnceHalfAsManyAgainHaveEnded) {
  begin(4);
  run(0, 10);
  for (uint64_t index = 10; index < 15; ++index) start(index);
  left();
  const uint64_t asked = asked_;
  for (uint64_t index = 10; index < 14; ++index) end(index, Verdict::Succeeded, 300ms);
  left();
  EXPECT_EQ(asked_, asked) << "a forecast takes its time: 14 of 10 are not enough for another";
  end(14, Verdict::Succeeded, 300ms);
  left();
  EXPECT_GT(asked_, asked);
}

TEST_F(EtaTest, CooldownsBetweenAttemptsAndCyclesAreAdded) {
  study_.execution.cooldown = {1s, 1min};
  study_.execution.order = Order::Interleaved;
  begin(4);
  run(0, 20);
  EXPECT_NEAR(in_seconds(left()->p50), 200 + 20 + 60, 12);
}

TEST_F(EtaTest, RetriesAreExpectedAsOftenAsTheyCameSoFar) {
  begin(4);
  for (uint64_t index = 0; index < 20; ++index) {
    start(index);
    end(index, index % 2 == 0 ? Verdict::Retry : Verdict::Succeeded);
  }
  EXPECT_NEAR(in_seconds(left()->p50), 30 * 1.5 * 10, 30);
}

TEST_F(EtaTest, AMillionRepetitionsAreForecastFromAThousandOfThem) {
  begin(100'000);
  run(0, 20);
  EXPECT_NEAR(in_seconds(left()->p50), 1e7, 5e5);
  EXPECT_LT(asked_, 3000u);
}

}  // namespace
}  // namespace studyctl
