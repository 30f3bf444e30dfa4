#include "model/retry.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

AttemptEnd end_with(Reason reason, std::optional<int> exit_code = std::nullopt) {
  AttemptEnd end;
  end.reason = reason;
  end.exit_code = exit_code;
  return end;
}

RetryPolicy policy_with(RetryRule rule, int limit = 0) {
  RetryPolicy policy;
  policy.limit = limit;
  policy.rules.push_back(std::move(rule));
  return policy;
}

TEST(Retry, ACompletedAttemptSucceedsWhateverTheRulesSay) {
  RetryRule any;
  any.action = RetryAction::FailStudy;
  EXPECT_EQ(decide_retry(policy_with(any), end_with(Reason::Completed, 0)).verdict, Verdict::Succeeded);
}

TEST(Retry, ACancelledAttemptStaysCancelledWhateverTheRulesSay) {
  RetryRule any;
  any.action = RetryAction::Retry;
  EXPECT_EQ(decide_retry(policy_with(any, 9), end_with(Reason::Cancelled)).verdict, Verdict::Cancelled);
}

TEST(Retry, WhatTheWorkloadDidIsNotRetriedByDefault) {
  for (const Reason reason : {Reason::Error, Reason::OOMKilled, Reason::Timeout, Reason::Stalled,
                              Reason::PendingTimeout, Reason::ImagePull, Reason::CreateError,
                              Reason::ResultMissing, Reason::CheckFailed, Reason::GpuOOM, Reason::GpuFault})
    EXPECT_EQ(decide_retry({}, end_with(reason)).verdict, Verdict::Failed) << name_of(reason);
}

TEST(Retry, WhatTheEngineDidIsRetriedUncountedByDefault) {
  for (const Reason reason : {Reason::Lost, Reason::Evicted, Reason::Interrupted, Reason::GpuLost}) {
    const RetryDecision decision = decide_retry({}, end_with(reason));
    EXPECT_EQ(decision.verdict, Verdict::Retry) << name_of(reason);
    EXPECT_FALSE(decision.counted) << name_of(reason);
  }
}

TEST(Retry, ALimitOfTwoMeansThreeAttempts) {
  RetryPolicy policy;
  policy.limit = 2;
  AttemptEnd end = end_with(Reason::Error, 1);
  EXPECT_EQ(decide_retry(policy, end).verdict, Verdict::Retry);
  end.before.counted = 1;
  EXPECT_EQ(decide_retry(policy, end).verdict, Verdict::Retry);
  end.before.counted = 2;
  EXPECT_EQ(decide_retry(policy, end).verdict, Verdict::Failed);
}

TEST(Retry, UncountedFailuresDoNotUseUpTheLimit) {
  RetryPolicy policy;
  policy.limit = 1;
  AttemptEnd end = end_with(Reason::Error, 1);
  end.before.uncounted = 7;
  EXPECT_EQ(decide_retry(policy, end).verdict, Verdict::Retry);
}

TEST(Retry, BackoffGrowsByItsFactorUpToItsMost) {
  const Backoff backoff;  // 10 s, 2, 6 min
  EXPECT_EQ(backoff_after(backoff, 1), seconds(10));
  EXPECT_EQ(backoff_after(backoff, 2), seconds(20));
  EXPECT_EQ(backoff_after(backoff, 5), seconds(160));
  EXPECT_EQ(backoff_after(backoff, 7), minutes(6));
  EXPECT_EQ(backoff_after(backoff, 4000000000u), minutes(6));
}

TEST(Retry, ACountedRetryWaitsForTheBackoffOfItsFailure) {
  RetryPolicy policy;
  policy.limit = 5;
  AttemptEnd end = end_with(Reason::Error, 1);
  EXPECT_EQ(decide_retry(policy, end).backoff, seconds(10));
  end.before.counted = 2;
  EXPECT_EQ(decide_retry(policy, end).backoff, seconds(40));
}

TEST(Retry, TheFirstUncountedRetryGoesAtOnceAndLaterOnesBackOff) {
  AttemptEnd end = end_with(Reason::Lost);
  EXPECT_EQ(decide_retry({}, end).backoff, seconds(0));
  end.before.uncounted = 1;
  EXPECT_EQ(decide_retry({}, end).backoff, seconds(10));
  end.before.uncounted = 2;
  EXPECT_EQ(decide_retry({}, end).backoff, seconds(20));
}

TEST(Retry, UncountedRetriesEndAtTwenty) {
  AttemptEnd end = end_with(Reason::Lost);
  end.before.uncounted = 19;
  EXPECT_EQ(decide_retry({}, end).verdict, Verdict::Retry);
  end.before.uncounted = 20;
  const RetryDecision decision = decide_retry({}, end);
  EXPECT_EQ(decision.verdict, Verdict::Failed);
  EXPECT_EQ(decision.why, "uncounted retries ended at 20");
}

TEST(Retry, TheFirstRuleThatMatchesWins) {
  RetryPolicy policy;
  RetryRule infeasible, retry;
  infeasible.exit_codes = {78};
  infeasible.action = RetryAction::Infeasible;
  retry.action = RetryAction::Retry;
  retry.counted = false;
  policy.rules = {infeasible, retry};
  EXPECT_EQ(decide_retry(policy, end_with(Reason::Error, 78)).verdict, Verdict::Infeasible);
  EXPECT_EQ(decide_retry(policy, end_with(Reason::Error, 77)).verdict, Verdict::Retry);
}

TEST(Retry, ARuleMatchesOnlyWhenEachOfItsConditionsHolds) {
  RetryRule rule;
  rule.reasons = {Reason::Error};
  rule.exit_codes = {1, 2};
  rule.action = RetryAction::Infeasible;
  EXPECT_EQ(decide_retry(policy_with(rule), end_with(Reason::Error, 2)).verdict, Verdict::Infeasible);
  EXPECT_EQ(decide_retry(policy_with(rule), end_with(Reason::Error, 3)).verdict, Verdict::Failed);
  EXPECT_EQ(decide_retry(policy_with(rule), end_with(Reason::Timeout, 2)).verdict, Verdict::Failed);
}

TEST(Retry, AnAttemptThatNeverExitedHasNoExitCodeToMatch) {
  RetryRule rule;
  rule.exit_codes = {0};
  rule.action = RetryAction::Infeasible;
  EXPECT_EQ(decide_retry(policy_with(rule), end_with(Reason::CreateError)).verdict, Verdict::Failed);
  EXPECT_EQ(decide_retry(policy_with(rule), end_with(Reason::ResultMissing, 0)).verdict, Verdict::Infeasible);
}

TEST(Retry, ALogPatternAsksTheOutput) {
  RetryRule rule;
  rule.log_pattern = "NCCL.*timeout";
  rule.action = RetryAction::Retry;
  AttemptEnd end = end_with(Reason::Error, 1);
  EXPECT_EQ(decide_retry(policy_with(rule, 1), end).verdict,
            Verdict::Retry);  // by the limit, not by the rule
  rule.counted = false;
  EXPECT_TRUE(decide_retry(policy_with(rule, 1), end).counted);
  end.log_matches = [](const std::string& pattern) { return pattern == "NCCL.*timeout"; };
  EXPECT_FALSE(decide_retry(policy_with(rule, 1), end).counted);
}

TEST(Retry, ARuleThatSaysFailFailsWhatTheLimitWouldRetry) {
  RetryRule rule;
  rule.reasons = {Reason::Lost};
  rule.action = RetryAction::Fail;
  EXPECT_EQ(decide_retry(policy_with(rule, 5), end_with(Reason::Lost)).verdict, Verdict::Failed);
}

TEST(Retry, ARuleThatSaysFailStudyFailsTheRepetitionAndTheStudy) {
  RetryRule rule;
  rule.exit_codes = {2};
  rule.action = RetryAction::FailStudy;
  const RetryDecision decision = decide_retry(policy_with(rule, 5), end_with(Reason::Error, 2));
  EXPECT_EQ(decision.verdict, Verdict::Failed);
  EXPECT_TRUE(decision.fail_study);
  EXPECT_FALSE(decide_retry(policy_with(rule, 5), end_with(Reason::Error, 3)).fail_study);
}

TEST(Retry, ACountedRuleObeysTheLimitAndAnUncountedOneDoesNot) {
  RetryRule rule;
  rule.reasons = {Reason::ImagePull};
  rule.action = RetryAction::Retry;
  EXPECT_EQ(decide_retry(policy_with(rule), end_with(Reason::ImagePull)).verdict, Verdict::Failed);
  rule.counted = false;
  EXPECT_EQ(decide_retry(policy_with(rule), end_with(Reason::ImagePull)).verdict, Verdict::Retry);
}

constexpr int64_t kMiB = int64_t{1} << 20;

RetryPolicy ladder() {
  RetryRule rule;
  rule.reasons = {Reason::OOMKilled, Reason::Timeout};
  rule.action = RetryAction::Retry;
  rule.memory_factor = 2;
  rule.memory_max = 48 * kMiB;
  RetryPolicy policy = policy_with(rule, 9);
  return policy;
}

TEST(Retry, ALadderGivesTheNextAttemptMoreMemoryUpToItsMost) {
  AttemptEnd end = end_with(Reason::OOMKilled, 137);
  end.had.memory_bytes = 16 * kMiB;
  RetryDecision decision = decide_retry(ladder(), end);
  EXPECT_EQ(decision.verdict, Verdict::Retry);
  EXPECT_EQ(decision.grown.memory_bytes, 32 * kMiB);
  end.had.memory_bytes = 32 * kMiB;
  EXPECT_EQ(decide_retry(ladder(), end).grown.memory_bytes, 48 * kMiB);
  end.had.memory_bytes = 48 * kMiB;
  decision = decide_retry(ladder(), end);
  EXPECT_EQ(decision.verdict, Verdict::Failed) << "it would end the same way";
  EXPECT_EQ(decision.why, "it had the most that its retry rule gives");
}

TEST(Retry, ALadderGivesTheNextAttemptMoreTime) {
  RetryPolicy policy = ladder();
  policy.rules[0].timeout_factor = 1.5;
  policy.rules[0].memory_factor = 1;
  AttemptEnd end = end_with(Reason::Timeout);
  end.had = {16 * kMiB, minutes(40)};
  const RetryDecision decision = decide_retry(policy, end);
  EXPECT_EQ(decision.grown, (GrownLimits{0, hours(1)}));
}

TEST(Retry, WhatHasNoLimitDoesNotGrow) {
  const RetryDecision decision = decide_retry(ladder(), end_with(Reason::OOMKilled, 137));
  EXPECT_EQ(decision.verdict, Verdict::Retry);
  EXPECT_EQ(decision.grown, GrownLimits{});
}

TEST(Retry, WhatHasGrownStaysSoWhateverEndsTheNextAttempt) {
  AttemptEnd end = end_with(Reason::Interrupted);
  end.before.grown = {32 * kMiB, hours(2)};
  EXPECT_EQ(decide_retry(ladder(), end).grown, end.before.grown);
  end.reason = Reason::OOMKilled;
  end.had = end.before.grown;
  EXPECT_EQ(decide_retry(ladder(), end).grown, (GrownLimits{48 * kMiB, hours(2)}));
  end.reason = Reason::Error;
  end.before.counted = 9;
  EXPECT_EQ(decide_retry(ladder(), end).grown, end.before.grown) << "for a reset by hand";
}

}  // namespace
}  // namespace studyctl
