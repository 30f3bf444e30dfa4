#include "model/ledger.h"

#include <gtest/gtest.h>

#include "model/ledger_story.h"

namespace studyctl {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr RepetitionKey kFirst{1, 0, 1};
constexpr RepetitionKey kSecond{1, 1, 1};

TEST(Ledger, CountsRepetitionsAndAllOfThemWaitAtFirst) {
  LedgerStory story(4, 3);
  EXPECT_EQ(story.ledger().total(), 12u);
  EXPECT_EQ(story.ledger().count(RepetitionState::Waiting), 12u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, KnowsWhichRepetitionsThereAre) {
  LedgerStory story(2, 2);
  EXPECT_TRUE(story.ledger().has({1, 1, 2}));
  EXPECT_FALSE(story.ledger().has({1, 2, 1}));
  EXPECT_FALSE(story.ledger().has({1, 0, 3}));
  EXPECT_FALSE(story.ledger().has({1, 0, 0}));
}

TEST(Ledger, FollowsAnAttemptFromIntentToItsEnd) {
  LedgerStory story;
  const AttemptKey attempt{kFirst, 1};
  story.tell(AttemptIntended{attempt, "0-3"});
  EXPECT_EQ(story.ledger().state(kFirst), RepetitionState::Starting);
  story.tell(AttemptStarting{attempt, "c1", "sha256:1", {"GPU-1"}});
  EXPECT_EQ(story.ledger().state(kFirst), RepetitionState::Starting);
  EXPECT_EQ(story.ledger().active(kFirst)->stage, ActiveAttempt::Stage::Starting);
  story.tell(AttemptRunning{attempt, story.wall()});
  EXPECT_EQ(story.ledger().state(kFirst), RepetitionState::Running);
  EXPECT_EQ(story.ledger().active(kFirst)->cpus, "0-3");
  EXPECT_EQ(story.ledger().active(kFirst)->devices, std::vector<std::string>{"GPU-1"});
  EXPECT_TRUE(story.ledger().check());
  story.end(attempt, Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(story.ledger().state(kFirst), RepetitionState::Succeeded);
  EXPECT_EQ(story.ledger().active(kFirst), nullptr);
  EXPECT_EQ(story.ledger().count(Reason::Completed), 1u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, KeepsTheRepetitionsOfOneExperimentApart) {
  LedgerStory story(2, 3);
  story.end(story.run({1, 0, 2}), Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(story.ledger().state({1, 0, 1}), RepetitionState::Waiting);
  EXPECT_EQ(story.ledger().state({1, 0, 2}), RepetitionState::Succeeded);
  EXPECT_EQ(story.ledger().state({1, 0, 3}), RepetitionState::Waiting);
  EXPECT_EQ(story.ledger().state({1, 1, 1}), RepetitionState::Waiting);
}

TEST(Ledger, ARetryIsANewAttemptThatWaitsForItsBackoff) {
  LedgerStory story;
  story.retry(story.run(kFirst), seconds(10));
  EXPECT_EQ(story.ledger().state(kFirst), RepetitionState::Waiting);
  ASSERT_EQ(story.ledger().retries().size(), 1u);
  EXPECT_EQ(story.ledger().retries().begin()->first, story.steady() + seconds(10));
  EXPECT_EQ(story.ledger().next_attempt(kFirst), 2u);
  EXPECT_EQ(story.run(kFirst).attempt, 2u);
  EXPECT_TRUE(story.ledger().retries().empty());
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, CountsCountedAndUncountedFailuresApart) {
  LedgerStory story;
  story.end(story.run(kFirst), Reason::Lost, Verdict::Retry, false);
  story.end(story.run(kFirst), Reason::Error, Verdict::Retry);
  story.end(story.run(kFirst), Reason::Error, Verdict::Failed);
  const Troubles troubles = story.ledger().troubles(kFirst);
  EXPECT_EQ(troubles.attempts, 3u);
  EXPECT_EQ(troubles.counted, 2u);
  EXPECT_EQ(troubles.uncounted, 1u);
  EXPECT_EQ(troubles.failures, 3u);
}

TEST(Ledger, AWithdrawnAttemptCountsNowhereAndItsRepetitionWaitsAtOnce) {
  LedgerStory story;
  story.end(story.run(kFirst), Reason::Interrupted, Verdict::Withdrawn, false);
  const Troubles troubles = story.ledger().troubles(kFirst);
  EXPECT_EQ(troubles.attempts, 1u);
  EXPECT_EQ(troubles.failures + troubles.counted + troubles.uncounted, 0u);
  EXPECT_EQ(story.ledger().count(Reason::Interrupted), 0u);
  EXPECT_EQ(story.ledger().state(kFirst), RepetitionState::Waiting);
  EXPECT_EQ(story.ledger().retries().size(), 1u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, NeitherACancelledNorAnInfeasibleRepetitionCountsAsAFailure) {
  LedgerStory story;
  story.end(story.run(kFirst), Reason::Cancelled, Verdict::Cancelled, false);
  story.end(story.run(kSecond), Reason::Error, Verdict::Infeasible, false);
  EXPECT_EQ(story.ledger().troubles(kFirst).failures, 0u);
  EXPECT_EQ(story.ledger().troubles(kSecond).failures, 0u);
  EXPECT_TRUE(story.ledger().failed_since_rebase().empty());
  EXPECT_EQ(story.ledger().count(RepetitionState::Cancelled), 1u);
  EXPECT_EQ(story.ledger().count(RepetitionState::Infeasible), 1u);
}

TEST(Ledger, ARetryThatSucceededCountsNoLongerForTheThreshold) {
  LedgerStory story;
  story.retry(story.run(kFirst), seconds(0));
  EXPECT_TRUE(story.ledger().failed_since_rebase().empty());
  story.end(story.run(kFirst), Reason::Completed, Verdict::Succeeded);
  EXPECT_TRUE(story.ledger().failed_since_rebase().empty());
  EXPECT_EQ(story.ledger().count(RepetitionState::Failed), 0u);
  EXPECT_EQ(story.ledger().troubles(kFirst).attempts, 2u);
}

TEST(Ledger, AResetWaitsAtOnceWithItsFailureCountKeptAndItsRetriesFresh) {
  LedgerStory story;
  story.end(story.run(kFirst), Reason::Error, Verdict::Failed);
  EXPECT_EQ(story.ledger().failed_since_rebase().size(), 1u);
  story.tell(RepetitionReset{kFirst});
  EXPECT_EQ(story.ledger().state(kFirst), RepetitionState::Waiting);
  EXPECT_TRUE(story.ledger().failed_since_rebase().empty());
  EXPECT_LE(story.ledger().retries().begin()->first, story.steady());
  EXPECT_EQ(story.ledger().troubles(kFirst).failures, 1u);
  EXPECT_EQ(story.ledger().troubles(kFirst).counted, 0u);
  EXPECT_EQ(story.ledger().next_attempt(kFirst), 2u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, AResetOfWhatWaitsAlreadyLeavesOneRetry) {
  LedgerStory story;
  story.retry(story.run(kFirst), seconds(10));
  story.tell(RepetitionReset{kFirst});
  EXPECT_EQ(story.ledger().retries().size(), 1u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, TheThresholdCountsFromTheRebaseOn) {
  LedgerStory story;
  story.end(story.run(kFirst), Reason::Error, Verdict::Failed);
  story.tell(ThresholdRebased{});
  EXPECT_TRUE(story.ledger().failed_since_rebase().empty());
  story.end(story.run(kSecond), Reason::Error, Verdict::Failed);
  EXPECT_EQ(story.ledger().failed_since_rebase(), std::set<RepetitionKey>{kSecond});
  EXPECT_EQ(story.ledger().count(RepetitionState::Failed), 2u);
}

TEST(Ledger, ACancelledRunLeavesNothingWaiting) {
  LedgerStory story;
  story.retry(story.run(kFirst), hours(1));
  story.tell(RunStateChanged{RunState::Cancelled, "cancelled by ann"});
  EXPECT_EQ(story.ledger().count(RepetitionState::Waiting), 0u);
  EXPECT_EQ(story.ledger().count(RepetitionState::Cancelled), 3u);
  EXPECT_TRUE(story.ledger().retries().empty());
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, AnUntriedRepetitionThatWasCancelledWaitsAgainAfterAReset) {
  LedgerStory story;
  story.tell(RunStateChanged{RunState::Cancelled, ""});
  story.tell(RepetitionReset{kSecond});
  EXPECT_EQ(story.ledger().all_in(RepetitionState::Waiting), std::vector<RepetitionKey>{kSecond});
  EXPECT_EQ(story.ledger().next_attempt(kSecond), 1u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, RemembersWhenTheRunStartedAndForgetsItsEndWhenItGoesOn) {
  LedgerStory story;
  story.tell(RunStateChanged{RunState::Running, "started"});
  const Instant began = story.wall();
  story.pass(hours(2));
  story.tell(RunStateChanged{RunState::Stopped, "stopped by ann"});
  EXPECT_EQ(story.ledger().finished_at(), story.wall());
  story.pass(hours(2));
  story.tell(RunStateChanged{RunState::Running, "went on"});
  EXPECT_EQ(story.ledger().started_at(), began);
  EXPECT_FALSE(story.ledger().finished_at());
}

TEST(Ledger, TheTimeOfAStudyBeginsWhenTheRunDoesAndNotWithANewController) {
  LedgerStory story;
  story.tell(RunStateChanged{RunState::Running, "started"});
  const Steady began = story.steady();
  story.pass(hours(1));
  story.tell(RunStateChanged{RunState::Running, "went on"});
  EXPECT_EQ(story.ledger().running_since(), began);
  story.tell(RunStateChanged{RunState::Paused, ""});
  story.pass(hours(1));
  story.tell(RunStateChanged{RunState::Running, "resumed"});
  EXPECT_EQ(story.ledger().running_since(), story.steady());
}

TEST(Ledger, RemembersWhatStoppingLeadsTo) {
  LedgerStory story;
  story.tell(RunStateChanged{RunState::Stopping, "6 failed > 5 tolerated", RunState::Failed});
  EXPECT_EQ(story.ledger().run_then(), RunState::Failed);
  EXPECT_EQ(story.ledger().run_message(), "6 failed > 5 tolerated");
}

TEST(Ledger, AShorterCooldownNeverCutsALongerOne) {
  LedgerStory story;
  story.tell(CooldownBegan{seconds(300), true});
  story.tell(CooldownBegan{seconds(60), false});
  EXPECT_EQ(story.ledger().cooldown_until(), story.steady() + seconds(300));
}

TEST(Ledger, DevicesRestWithoutTheOthers) {
  LedgerStory story;
  story.tell(CooldownBegan{seconds(60), false, {"gpu=0", "gpu=1"}});
  EXPECT_EQ(story.ledger().cooldown_until(), Steady{});
  EXPECT_EQ(story.ledger().resting().at("gpu=1"), story.steady() + seconds(60));
  EXPECT_FALSE(story.ledger().resting().contains("gpu=2"));
}

TEST(Ledger, WhatAnAttemptMayUseGrowsWithItsRetriesAndIsKeptOverAReset) {
  LedgerStory story;
  const AttemptKey attempt = story.run(kFirst);
  AttemptEnded end;
  end.key = attempt;
  end.reason = Reason::OOMKilled;
  end.verdict = Verdict::Failed;
  end.grown = {int64_t{32} << 20, hours(1)};
  story.tell(end);
  EXPECT_EQ(story.ledger().troubles(kFirst).grown, end.grown);
  story.tell(RepetitionReset{kFirst});
  EXPECT_EQ(story.ledger().troubles(kFirst).grown, end.grown);
}

TEST(Ledger, ARetryOfAnEarlierCycleDoesNotTakeTheRunBackToIt) {
  LedgerStory story(2, 2);
  story.retry(story.run({1, 0, 1}), seconds(0));
  story.run({1, 0, 2});
  story.run({1, 0, 1});
  EXPECT_EQ(story.ledger().last_cycle(), 2u);
}

TEST(Ledger, AStopThatWasDecidedKeepsItsReason) {
  LedgerStory story;
  const AttemptKey attempt = story.run(kFirst);
  story.tell(AttemptStopping{attempt, Reason::Timeout, "ran longer than 45m"});
  EXPECT_EQ(story.ledger().active(kFirst)->stopping, Reason::Timeout);
  EXPECT_EQ(story.ledger().active(kFirst)->stop_message, "ran longer than 45m");
}

TEST(Ledger, ReplayGivesTheSameLedger) {
  LedgerStory story(3, 2);
  story.tell(RunStateChanged{RunState::Running, "started"});
  story.retry(story.run({1, 0, 1}), seconds(5));
  story.end(story.run({1, 1, 1}), Reason::Timeout, Verdict::Failed);
  story.run({1, 2, 1});
  Ledger again;
  for (const Event& event : story.events()) again.apply(event);
  EXPECT_TRUE(again.check());
  EXPECT_EQ(again.last_seq(), story.ledger().last_seq());
  EXPECT_EQ(again.retries(), story.ledger().retries());
  EXPECT_EQ(again.failed_since_rebase(), story.ledger().failed_since_rebase());
  EXPECT_EQ(again.active().size(), 1u);
  for (const RepetitionState state :
       {RepetitionState::Waiting, RepetitionState::Running, RepetitionState::Failed})
    EXPECT_EQ(again.all_in(state), story.ledger().all_in(state));
}

TEST(Ledger, SaysWhenAnAttemptBeginsThatHasEndedAlready) {
  LedgerStory story;
  story.retry(story.run(kFirst), seconds(0));
  story.tell(AttemptIntended{{kFirst, 1}, ""});
  const auto sound = story.ledger().check();
  ASSERT_FALSE(sound);
  EXPECT_EQ(sound.error().message, "ledger: an attempt has the number of one that ended");
}

TEST(Ledger, SaysWhenAThresholdCountsWhatHasNotFailed) {
  LedgerStory story;
  story.end(story.run(kFirst), Reason::Error, Verdict::Failed);
  story.tell(AttemptIntended{{kFirst, 2}, ""});  // without a reset before it
  EXPECT_FALSE(story.ledger().check());
}

}  // namespace

// What a changed design does to what is there.

TEST(Ledger, ANewGenerationBeginsWithEverythingWaiting) {
  LedgerStory story(2, 1);
  story.end(story.run({1, 0, 1}), Reason::Completed, Verdict::Succeeded);
  story.tell(GenerationOpened{2, 3, 2});
  EXPECT_EQ(story.ledger().generation(), 2u);
  EXPECT_EQ(story.ledger().total(), 6u);
  EXPECT_EQ(story.ledger().count(RepetitionState::Waiting), 6u);
  EXPECT_FALSE(story.ledger().has({1, 0, 1}));
  EXPECT_EQ(story.ledger().state({1, 0, 1}), RepetitionState::Succeeded);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, ACarriedExperimentKeepsWhatBecameOfIt) {
  LedgerStory story(2, 2);
  story.end(story.run({1, 1, 1}), Reason::Completed, Verdict::Succeeded);
  story.end(story.run({1, 1, 2}), Reason::Error, Verdict::Failed);
  story.tell(GenerationOpened{2, 3, 2});
  story.tell(ExperimentCarried{1, 1, 2, 2});
  EXPECT_EQ(story.ledger().state({2, 2, 1}), RepetitionState::Succeeded);
  EXPECT_EQ(story.ledger().state({2, 2, 2}), RepetitionState::Failed);
  EXPECT_EQ(story.ledger().troubles({2, 2, 2}).failures, 1u);
  EXPECT_EQ(story.ledger().next_attempt({2, 2, 2}), 2u);
  EXPECT_EQ(story.ledger().failed_since_rebase(), (std::set<RepetitionKey>{{2, 2, 2}}));
  EXPECT_EQ(story.ledger().count(RepetitionState::Succeeded), 1u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, AFailureThatLeftThePlanCountsForNoThreshold) {
  LedgerStory story(2, 1);
  story.end(story.run({1, 0, 1}), Reason::Error, Verdict::Failed);
  story.tell(GenerationOpened{2, 1, 1});
  EXPECT_TRUE(story.ledger().failed_since_rebase().empty());
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, AnAttemptThatRunsGoesOnUnderItsNewNumber) {
  LedgerStory story(2, 1);
  const AttemptKey running = story.run({1, 1, 1});
  story.tell(GenerationOpened{2, 2, 1});
  story.tell(ExperimentCarried{1, 1, 0, 1});
  ASSERT_NE(story.ledger().active({2, 0, 1}), nullptr);
  EXPECT_EQ(story.ledger().active({1, 1, 1}), nullptr);
  EXPECT_EQ(story.ledger().state({2, 0, 1}), RepetitionState::Running);
  story.end({{2, 0, 1}, running.attempt}, Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(story.ledger().count(RepetitionState::Succeeded), 1u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, AnAttemptWhoseExperimentLeftThePlanFinishesAndCountsNowhere) {
  LedgerStory story(2, 1);
  const AttemptKey running = story.run({1, 1, 1});
  story.tell(GenerationOpened{2, 1, 1});
  EXPECT_EQ(story.ledger().active().size(), 1u);
  EXPECT_EQ(story.ledger().count(RepetitionState::Running), 0u);
  ASSERT_TRUE(story.ledger().check());
  story.end(running, Reason::Error, Verdict::Failed);
  EXPECT_TRUE(story.ledger().active().empty());
  EXPECT_EQ(story.ledger().count(RepetitionState::Failed), 0u);
  EXPECT_TRUE(story.ledger().failed_since_rebase().empty());
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, ARetryThatIsDueIsCarriedAndOneThatLeftThePlanIsNot) {
  LedgerStory story(2, 1);
  story.retry(story.run({1, 0, 1}), std::chrono::seconds(10));
  story.retry(story.run({1, 1, 1}), std::chrono::seconds(10));
  story.tell(GenerationOpened{2, 1, 1});
  EXPECT_TRUE(story.ledger().retries().empty());
  story.tell(ExperimentCarried{1, 1, 0, 1});
  ASSERT_EQ(story.ledger().retries().size(), 1u);
  EXPECT_EQ(story.ledger().retries().begin()->second, (RepetitionKey{2, 0, 1}));
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, AnExperimentThatComesBackAfterAGenerationWithoutItIsDoneStill) {
  LedgerStory story(2, 1);
  story.end(story.run({1, 1, 1}), Reason::Completed, Verdict::Succeeded);
  story.tell(GenerationOpened{2, 1, 1});
  story.tell(GenerationOpened{3, 2, 1});
  story.tell(ExperimentCarried{1, 1, 1, 1});
  EXPECT_EQ(story.ledger().state({3, 1, 1}), RepetitionState::Succeeded);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, WhatWasCancelledWaitsAgainWhenItIsCarried) {
  LedgerStory story(1, 2);
  story.end(story.run({1, 0, 1}), Reason::Cancelled, Verdict::Cancelled);
  story.tell(RunStateChanged{RunState::Cancelled, "", RunState::Stopped});
  story.tell(GenerationOpened{2, 1, 2});
  story.tell(ExperimentCarried{1, 0, 0, 2});
  EXPECT_EQ(story.ledger().count(RepetitionState::Waiting), 2u);
  EXPECT_EQ(story.ledger().next_attempt({2, 0, 1}), 2u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, MoreCyclesWaitAndWhatIsDoneStaysDone) {
  LedgerStory story(2, 1);
  story.end(story.run({1, 0, 1}), Reason::Completed, Verdict::Succeeded);
  story.tell(CyclesChanged{3});
  EXPECT_EQ(story.ledger().total(), 6u);
  EXPECT_EQ(story.ledger().state({1, 0, 1}), RepetitionState::Succeeded);
  EXPECT_EQ(story.ledger().count(RepetitionState::Waiting), 5u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, FewerCyclesLeaveWhatIsBeyondThemUncountedUntilTheyComeBack) {
  LedgerStory story(1, 3);
  story.end(story.run({1, 0, 1}), Reason::Completed, Verdict::Succeeded);
  story.end(story.run({1, 0, 2}), Reason::Error, Verdict::Failed);
  const AttemptKey running = story.run({1, 0, 3});
  story.tell(CyclesChanged{1});
  EXPECT_EQ(story.ledger().total(), 1u);
  EXPECT_EQ(story.ledger().count(RepetitionState::Failed), 0u);
  EXPECT_TRUE(story.ledger().failed_since_rebase().empty());
  ASSERT_TRUE(story.ledger().check());
  story.end(running, Reason::Completed, Verdict::Succeeded);
  story.tell(CyclesChanged{3});
  EXPECT_EQ(story.ledger().count(RepetitionState::Succeeded), 2u);
  EXPECT_EQ(story.ledger().failed_since_rebase().size(), 1u);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, OneExperimentMayHaveMoreCyclesThanTheOthers) {
  LedgerStory story(3, 2);
  story.tell(RepetitionAdded{{1, 1, 3}});
  EXPECT_EQ(story.ledger().total(), 7u);
  EXPECT_TRUE(story.ledger().has({1, 1, 3}));
  EXPECT_FALSE(story.ledger().has({1, 0, 3}));
  story.end(story.run({1, 1, 3}), Reason::Completed, Verdict::Succeeded);
  EXPECT_EQ(story.ledger().count(RepetitionState::Succeeded), 1u);
  story.tell(GenerationOpened{2, 3, 2});
  story.tell(ExperimentCarried{1, 1, 0, 3});
  EXPECT_EQ(story.ledger().state({2, 0, 3}), RepetitionState::Succeeded);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, ASkippedRepetitionWaitsForNothingUntilItIsReset) {
  LedgerStory story(2, 1);
  story.retry(story.run({1, 0, 1}), std::chrono::seconds(10));
  story.tell(RepetitionSkipped{{1, 0, 1}, "ann", "its input is broken"});
  EXPECT_EQ(story.ledger().count(RepetitionState::Skipped), 1u);
  EXPECT_TRUE(story.ledger().retries().empty());
  ASSERT_TRUE(story.ledger().check());
  story.tell(RepetitionReset{{1, 0, 1}});
  EXPECT_EQ(story.ledger().state({1, 0, 1}), RepetitionState::Waiting);
  EXPECT_TRUE(story.ledger().check());
}

TEST(Ledger, ACachedRepetitionIsDone) {
  LedgerStory story(2, 1);
  RepetitionCached cached;
  cached.key = {{1, 1, 1}, 2};
  cached.run = "nmr/2026-11-22_14-30-05";
  story.tell(cached);
  EXPECT_EQ(story.ledger().count(RepetitionState::Cached), 1u);
  EXPECT_TRUE(is_final(story.ledger().state({1, 1, 1})));
}

}  // namespace studyctl
