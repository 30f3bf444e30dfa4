#include "service/queue.h"

#include <gtest/gtest.h>

#include <deque>

#include "manifest/manifest.h"

namespace studyctl {
namespace {

using std::chrono::seconds;

const Room kMachine{8000, int64_t{32} << 30, {{"nvidia.com/gpu", 2}}};

// Runs that were applied one after the other, on a machine of 8 cores and 2 GPUs.
class QueueTest : public testing::Test {
 protected:
  QueuedRun& add(const std::string& study, int64_t cores, int gpus = 0, int priority = 0) {
    QueuedRun run;
    run.study = study;
    run.since = Instant(seconds(runs_.size()));
    run.priority = priority;
    run.needs = {cores * 1000, 0, {{"nvidia.com/gpu", gpus}}};
    run.wants = true;
    return runs_.emplace_back(std::move(run));
  }
  void assign() {
    std::vector<QueuedRun*> all;
    for (QueuedRun& run : runs_) all.push_back(&run);
    assign_seats(kMachine, all);
  }
  // Those that may start, as they were applied.
  std::string seated() {
    assign();
    std::string names;
    for (const QueuedRun& run : runs_)
      if (run.leave.may_start) names += (names.empty() ? "" : " ") + run.study;
    return names;
  }

  std::deque<QueuedRun> runs_;
};

TEST_F(QueueTest, RunsThatFitBesideEachOtherAreOnAtOnce) {
  add("a", 4);
  add("b", 4);
  QueuedRun& c = add("c", 1);
  EXPECT_EQ(seated(), "a b");
  EXPECT_EQ(c.leave.why, "its turn behind a, b");
}

TEST_F(QueueTest, ASeatIsKeptUntilNothingIsWantedOrHeld) {
  QueuedRun& a = add("a", 8);
  add("b", 8);
  EXPECT_EQ(seated(), "a");
  a.holds = true;
  a.wants = false;  // its last attempts
  EXPECT_EQ(seated(), "");
  a.wants = true;  // one of them is tried again
  EXPECT_EQ(seated(), "a");
  a.wants = a.holds = false;
  EXPECT_EQ(seated(), "b");
}

TEST_F(QueueTest, WhatALaterRunTakesIsNothingThatAnEarlierOneWaitsFor) {
  add("training", 2, 2);
  add("screening", 2, 1);
  add("analysis", 4);
  EXPECT_EQ(seated(), "training analysis");
  add("large", 2);
  EXPECT_EQ(seated(), "training analysis");  // two cores are set aside for screening
}

TEST_F(QueueTest, AHigherPriorityIsNextThoughItCameLater) {
  QueuedRun& a = add("a", 8);
  a.preemption = Preemption::Never;
  EXPECT_EQ(seated(), "a");
  a.holds = true;
  add("b", 8);
  add("c", 8, 0, 5);
  EXPECT_EQ(seated(), "a");
  a.wants = a.holds = false;
  EXPECT_EQ(seated(), "c");
}

TEST_F(QueueTest, OfLowerPriorityTheLeastMakesRoomAndNoMoreThanMust) {
  QueuedRun& low = add("low", 4, 0, -1);
  QueuedRun& middle = add("middle", 4);
  EXPECT_EQ(seated(), "low middle");
  low.holds = middle.holds = true;
  QueuedRun& urgent = add("urgent", 4, 0, 9);
  EXPECT_EQ(seated(), "middle");
  EXPECT_EQ(low.leave.why, "urgent, whose priority is 9");
  EXPECT_FALSE(low.leave.give_back);
  EXPECT_EQ(seated(), "middle");  // it is not given back what the other waits for
  low.holds = false;
  EXPECT_EQ(seated(), "middle urgent");
  EXPECT_EQ(low.leave.why, "its turn behind urgent, middle");
  urgent.wants = false;
  EXPECT_EQ(seated(), "low middle");
}

TEST_F(QueueTest, WhereItHasGoneThatRoomWasMadeForTheSeatIsTakenAgain) {
  QueuedRun& low = add("low", 8);
  EXPECT_EQ(seated(), "low");
  low.holds = true;
  QueuedRun& urgent = add("urgent", 8, 0, 1);
  EXPECT_EQ(seated(), "");
  urgent.wants = false;
  EXPECT_EQ(seated(), "low");
}

TEST_F(QueueTest, RequeueGivesBackWhatRuns) {
  QueuedRun& low = add("low", 8);
  low.preemption = Preemption::Requeue;
  EXPECT_EQ(seated(), "low");
  low.holds = true;
  add("urgent", 1, 0, 1);
  assign();
  EXPECT_TRUE(low.leave.give_back);
}

TEST_F(QueueTest, NobodyMakesRoomWhereThatWouldNotDo) {
  QueuedRun& fixed = add("fixed", 4);
  fixed.preemption = Preemption::Never;
  add("low", 4);
  EXPECT_EQ(seated(), "fixed low");
  add("urgent", 8, 0, 1);
  EXPECT_EQ(seated(), "fixed low");
}

TEST_F(QueueTest, EqualPrioritiesMakeNoRoomForEachOther) {
  add("a", 8, 0, 3);
  EXPECT_EQ(seated(), "a");
  add("b", 8, 0, 3);
  EXPECT_EQ(seated(), "a");
}

TEST(Queue, ARunIsWokenWhenItsTurnComesAndTheSeatIsFreeOnceItIsGone) {
  Queue queue(kMachine);
  QueuedRun first, second;
  first.needs = second.needs = {8000, 0, {}};
  second.since = Instant(seconds(1));
  std::unique_ptr<Seat> a = queue.join(first);
  const std::unique_ptr<Seat> b = queue.join(second);
  int woken = 0;
  b->wake_by([&] { ++woken; });
  EXPECT_TRUE(a->ask({true, true}).may_start);
  EXPECT_FALSE(b->ask({true, false}).may_start);
  const int before = woken;
  EXPECT_FALSE(queue.is_idle());
  a.reset();
  EXPECT_TRUE(queue.is_idle());
  EXPECT_GT(woken, before);
  EXPECT_TRUE(b->ask({true, false}).may_start);
}

TEST(Queue, AClosedQueueLetsNobodyStartAndSaysWhy) {
  Queue queue(kMachine);
  const std::unique_ptr<Seat> seat = queue.join({});
  EXPECT_TRUE(seat->ask({true, true}).may_start);
  int woken = 0;
  seat->wake_by([&] { ++woken; });
  queue.close("the next service");
  EXPECT_EQ(woken, 1);
  const Seat::Leave leave = seat->ask({true, true});
  EXPECT_FALSE(leave.may_start);
  EXPECT_EQ(leave.why, "the next service");
}

// What a study of `container` and `execution` takes of a machine of 8 cores and 32 GiB.
Room room_of(const std::string& container, const std::string& execution, const std::string& overrides = "") {
  const auto sent = SentManifest{
      "apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: s}\nspec:\n  sweep: {i: [1, 2, 3]}\n"
      "  execution: {" +
          execution +
          "}\n  template:\n    spec:\n      containers:\n        - name: main\n          image: a:1\n"
          "          command: [a]\n          resources: {limits: {" +
          container + "}}\n" + overrides,
      "study.yaml"};
  const auto study = load_sent(sent);
  EXPECT_TRUE(study) << study.error().message;
  return room_for(**study, kMachine);
}

TEST(RoomFor, IsWhatAnAttemptMayUseTimesHowManyRunAtOnce) {
  const Room room = room_of("cpu: \"2\", memory: 4Gi, nvidia.com/gpu: 1", "parallelism: 3");
  EXPECT_EQ(room.millicpu, 4000);  // no more than two have a GPU
  EXPECT_EQ(room.memory_bytes, int64_t{8} << 30);
  EXPECT_EQ(room.devices.at("nvidia.com/gpu"), 2);
}

TEST(RoomFor, WhatHasNoLimitMayUseAllThereIs) {
  EXPECT_EQ(room_of("memory: 4Gi", "parallelism: 1").millicpu, 8000);
  EXPECT_EQ(room_of("cpu: \"1\"", "parallelism: 1").memory_bytes, kMachine.memory_bytes);
  EXPECT_EQ(room_of("cpu: \"1\"", "parallelism: 1").millicpu, 1000);
}

TEST(RoomFor, AttemptsThatDifferTakeTheMostThatAnyMixOfThemMay) {
  const Room room = room_of("cpu: \"1\", memory: 1Gi", "parallelism: 4",
                            "  overrides:\n    - match: {i: 2}\n      container: {resources: {limits: {cpu: "
                            "\"8\", memory: 1Gi}}}\n");
  EXPECT_EQ(room.millicpu, 8000);
  EXPECT_EQ(room.memory_bytes, int64_t{4} << 30);  // of four small ones
}

TEST(RoomFor, MemoryThatMayGrowIsAllThereIs) {
  const Room room =
      room_of("cpu: \"1\", memory: 1Gi",
              "retry: {limit: 1, rules: [{reasons: [OOMKilled], action: Retry, memoryFactor: 2}]}");
  EXPECT_EQ(room.memory_bytes, kMachine.memory_bytes);
}

}  // namespace
}  // namespace studyctl
