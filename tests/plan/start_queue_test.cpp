#include "plan/start_queue.h"

#include <gtest/gtest.h>

#include "model/ledger_story.h"

namespace studyctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int64_t kGiB = int64_t{1} << 30;

Execution interleaved(uint32_t cycles, Cooldown cooldown = {}) {
  Execution execution;
  execution.order = Order::Interleaved;
  execution.cycles = cycles;
  execution.cooldown = cooldown;
  return execution;
}

StartQueue queue_of(const Ledger& ledger, const Execution& execution, int room = 1) {
  return StartQueue(RunOrder(execution.order, ledger.experiments(), ledger.cycles(), execution.seed),
                    execution, room);
}

std::optional<AttemptKey> next_of(StartQueue& queue, const LedgerStory& story) {
  const auto next = queue.next(story.ledger(), story.steady());
  const auto* start = std::get_if<NextStart>(&next);
  return start ? std::optional(start->key) : std::nullopt;
}
NothingStarts nothing_of(StartQueue& queue, const LedgerStory& story) {
  const auto next = queue.next(story.ledger(), story.steady());
  const auto* nothing = std::get_if<NothingStarts>(&next);
  return nothing ? *nothing : NothingStarts{"something starts", {}};
}

TEST(StartQueue, GoesThroughTheOrderAndThenHasNothing) {
  LedgerStory story(2, 2);
  StartQueue queue = queue_of(story.ledger(), interleaved(2));
  std::vector<RepetitionKey> started;
  while (const auto key = next_of(queue, story)) {
    started.push_back(key->repetition);
    story.end(story.run(key->repetition), Reason::Completed, Verdict::Succeeded);
  }
  EXPECT_EQ(started, (std::vector<RepetitionKey>{{1, 0, 1}, {1, 1, 1}, {1, 0, 2}, {1, 1, 2}}));
  EXPECT_TRUE(nothing_of(queue, story).why.empty());
}

TEST(StartQueue, SaysTheSameUntilTheLedgerMoves) {
  LedgerStory story;
  StartQueue queue = queue_of(story.ledger(), {});
  EXPECT_EQ(next_of(queue, story), next_of(queue, story));
}

TEST(StartQueue, ANewQueueOverAnOldLedgerGoesOnWhereItStood) {
  LedgerStory story(3, 1);
  story.end(story.run({1, 0, 1}), Reason::Completed, Verdict::Succeeded);
  story.end(story.run({1, 1, 1}), Reason::Error, Verdict::Failed);
  StartQueue queue = queue_of(story.ledger(), {});
  EXPECT_EQ(next_of(queue, story)->repetition, (RepetitionKey{1, 2, 1}));
}

TEST(StartQueue, NoMoreRunAtOnceThanHaveAPlace) {
  LedgerStory story;
  StartQueue queue = queue_of(story.ledger(), {}, 2);
  story.run(next_of(queue, story)->repetition);
  story.run(next_of(queue, story)->repetition);
  EXPECT_EQ(nothing_of(queue, story).why, "a place: 2 of 2 are taken");
}

TEST(StartQueue, ARetryGoesFirstOnceItsBackoffIsOver) {
  LedgerStory story;
  StartQueue queue = queue_of(story.ledger(), {}, 9);
  story.retry(story.run({1, 0, 1}), seconds(10));
  EXPECT_EQ(next_of(queue, story)->repetition, (RepetitionKey{1, 1, 1}));
  story.pass(seconds(10));
  EXPECT_EQ(next_of(queue, story), (AttemptKey{{1, 0, 1}, 2}));
}

TEST(StartQueue, WhenOnlyRetriesAreLeftItSaysUntilWhen) {
  LedgerStory story(1, 1);
  StartQueue queue = queue_of(story.ledger(), {});
  story.retry(story.run({1, 0, 1}), seconds(10));
  const NothingStarts nothing = nothing_of(queue, story);
  EXPECT_EQ(nothing.why, "the backoff before a retry");
  EXPECT_EQ(nothing.until, story.steady() + seconds(10));
}

TEST(StartQueue, WhatWasResetStartsAgainAlthoughTheOrderIsPastIt) {
  LedgerStory story(2, 1);
  StartQueue queue = queue_of(story.ledger(), {});
  story.end(story.run({1, 0, 1}), Reason::Error, Verdict::Failed);
  story.end(story.run({1, 1, 1}), Reason::Completed, Verdict::Succeeded);
  EXPECT_FALSE(next_of(queue, story));
  story.tell(RepetitionReset{{1, 0, 1}});
  EXPECT_EQ(next_of(queue, story), (AttemptKey{{1, 0, 1}, 2}));
}

TEST(StartQueue, WhatWasCancelledUntriedStartsAfterAReset) {
  LedgerStory story(2, 1);
  StartQueue queue = queue_of(story.ledger(), {});
  story.tell(RunStateChanged{RunState::Cancelled, ""});
  EXPECT_FALSE(next_of(queue, story));
  story.tell(RepetitionReset{{1, 1, 1}});
  EXPECT_EQ(next_of(queue, story), (AttemptKey{{1, 1, 1}, 1}));
}

TEST(StartQueue, NothingStartsInACooldownNotEvenARetry) {
  LedgerStory story;
  StartQueue queue = queue_of(story.ledger(), {});
  story.retry(story.run({1, 0, 1}), seconds(0));
  story.tell(CooldownBegan{seconds(60), false});
  const NothingStarts nothing = nothing_of(queue, story);
  EXPECT_EQ(nothing.why, "cooldown");
  EXPECT_EQ(nothing.until, story.steady() + seconds(60));
  story.pass(seconds(60));
  EXPECT_TRUE(next_of(queue, story));
}

TEST(StartQueue, TheCooldownIsTheExperimentsWithinACycleAndTheCyclesBetween) {
  LedgerStory story(2, 2);
  StartQueue queue = queue_of(story.ledger(), interleaved(2, {seconds(60), minutes(5)}));
  story.end(story.run({1, 0, 1}), Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(queue.cooldown_before_next(story.ledger()), seconds(60));
  EXPECT_FALSE(queue.between_cycles(story.ledger()));
  story.end(story.run({1, 1, 1}), Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(queue.cooldown_before_next(story.ledger()), minutes(5));
  EXPECT_TRUE(queue.between_cycles(story.ledger()));
}

TEST(StartQueue, NoCooldownFollowsTheLast) {
  LedgerStory story(1, 1);
  StartQueue queue = queue_of(story.ledger(), interleaved(1, {seconds(60), minutes(5)}));
  story.end(story.run({1, 0, 1}), Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(queue.cooldown_before_next(story.ledger()), seconds(0));
}

TEST(StartQueue, ASequentialOrderHasNoCooldownBetweenCycles) {
  LedgerStory story(1, 2);
  Execution execution;
  execution.cycles = 2;
  execution.cooldown = {seconds(60), minutes(5)};
  StartQueue queue = queue_of(story.ledger(), execution);
  story.end(story.run({1, 0, 1}), Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(queue.cooldown_before_next(story.ledger()), seconds(60));
}

TEST(StartQueue, WithACooldownBetweenCyclesTheNextWaitsForAllOfTheLast) {
  LedgerStory story(2, 2);
  StartQueue queue = queue_of(story.ledger(), interleaved(2, {{}, minutes(5)}), 9);
  const AttemptKey first = story.run({1, 0, 1});
  const AttemptKey second = story.run({1, 1, 1});
  EXPECT_EQ(nothing_of(queue, story).why, "the end of cycle 1");
  story.retry(first, seconds(10));
  story.end(second, Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(nothing_of(queue, story).until, story.steady() + seconds(10));
  EXPECT_EQ(queue.cooldown_before_next(story.ledger()), seconds(0));
  story.pass(seconds(10));
  story.end(story.run(next_of(queue, story)->repetition), Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(queue.cooldown_before_next(story.ledger()), minutes(5));
}

TEST(StartQueue, WithoutACooldownBetweenCyclesTheyOverlap) {
  LedgerStory story(1, 2);
  StartQueue queue = queue_of(story.ledger(), interleaved(2), 9);
  story.run({1, 0, 1});
  EXPECT_EQ(next_of(queue, story)->repetition, (RepetitionKey{1, 0, 2}));
}

TEST(Packing, CountsLimitsAndRequestsOnlyWhereThereIsNoLimit) {
  Resources resources;
  resources.millicpu = 4000;
  resources.millicpu_request = 1000;
  resources.memory_bytes_request = 2 * kGiB;
  resources.devices = {{"nvidia.com/gpu", 2}, {"nvidia.com/gpu", 1}};
  const Room need = need_of(resources);
  EXPECT_EQ(need.millicpu, 4000);
  EXPECT_EQ(need.memory_bytes, 2 * kGiB);
  EXPECT_EQ(need.devices.at("nvidia.com/gpu"), 3);
}

TEST(Packing, TheScarcestResourceSaysHowManyFit) {
  const Room room{16000, 64 * kGiB, {{"nvidia.com/gpu", 4}}};
  EXPECT_EQ(places(room, {4000, kGiB, {}}, 100), 4);
  EXPECT_EQ(places(room, {1000, 32 * kGiB, {}}, 100), 2);
  EXPECT_EQ(places(room, {1000, kGiB, {{"nvidia.com/gpu", 2}}}, 100), 2);
  EXPECT_EQ(places(room, {1000, kGiB, {}}, 3), 3);
  EXPECT_EQ(places(room, {1000, kGiB, {{"amd.com/gpu", 1}}}, 3), 0);
}

TEST(Packing, WhatDoesNotFitIsToldWithItsArithmetic) {
  const Room room{2000, 8 * kGiB, {{"nvidia.com/gpu", 1}}};
  EXPECT_FALSE(does_not_fit(room, {2000, 8 * kGiB, {{"nvidia.com/gpu", 1}}}));
  EXPECT_EQ(does_not_fit(room, {2500, 0, {}}), "cpu: an attempt needs 2.5, the machine has 2");
  EXPECT_NE(does_not_fit(room, {0, 16 * kGiB, {}})->find("memory: an attempt needs 16"), std::string::npos);
  EXPECT_EQ(does_not_fit(room, {0, 0, {{"nvidia.com/gpu", 2}}}),
            "nvidia.com/gpu: an attempt needs 2, the machine has 1");
  EXPECT_EQ(does_not_fit(room, {0, 0, {{"amd.com/gpu", 1}}}),
            "amd.com/gpu: an attempt needs 1, the machine has 0");
}

StartQueue queue_that_packs(const Ledger& ledger, int64_t memory_bytes) {
  StartQueue queue = queue_of(ledger, {}, 9);
  queue.pack({8000, memory_bytes, {}}, [](const RepetitionKey&) { return Room{1000, kGiB, {}}; });
  return queue;
}

TEST(Packing, CountsMemoryThatARetryRuleLetGrow) {
  LedgerStory story(4);
  StartQueue queue = queue_that_packs(story.ledger(), 4 * kGiB);
  story.retry(story.run({1, 0, 1}), seconds(1), 3 * kGiB);
  story.pass(seconds(1));
  const AttemptKey grown = *next_of(queue, story);
  EXPECT_EQ(grown, (AttemptKey{{1, 0, 1}, 2}));
  story.run(grown.repetition);
  story.run(next_of(queue, story)->repetition);
  EXPECT_EQ(nothing_of(queue, story).why, "memory: the next needs 1.0 GiB, 0 B are free");
}

TEST(Packing, WhatGrewBeyondTheMachineRunsAlone) {
  LedgerStory story(2);
  StartQueue queue = queue_that_packs(story.ledger(), 4 * kGiB);
  story.retry(story.run({1, 0, 1}), seconds(1), 8 * kGiB);
  const AttemptKey other = story.run({1, 1, 1});
  story.pass(seconds(1));
  EXPECT_EQ(nothing_of(queue, story).why, "memory: the next needs 4.0 GiB, 3.0 GiB are free");
  story.end(other, Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(next_of(queue, story), (AttemptKey{{1, 0, 1}, 2}));
}

}  // namespace
}  // namespace studyctl
