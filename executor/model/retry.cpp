#include "model/retry.h"

#include <algorithm>
#include <cmath>

namespace studyctl {
namespace {

constexpr int64_t kNoBound = int64_t{1} << 62;

template <class T>
bool among(const std::vector<T>& values, const std::optional<T>& value) {
  return values.empty() || (value && std::find(values.begin(), values.end(), *value) != values.end());
}

bool matches(const RetryRule& rule, const AttemptEnd& end) {
  if (!among(rule.reasons, std::optional(end.reason))) return false;
  if (!among(rule.exit_codes, end.exit_code)) return false;
  return rule.log_pattern.empty() || (end.log_matches && end.log_matches(rule.log_pattern));
}

bool is_the_engines_doing(Reason reason) {
  return reason == Reason::Lost || reason == Reason::Evicted || reason == Reason::Interrupted ||
         reason == Reason::GpuLost;
}

RetryDecision uncounted_retry(const RetryPolicy& policy, const AttemptEnd& end) {
  const uint32_t before = end.before.uncounted;
  if (before >= kMostUncountedRetries)
    return {Verdict::Failed,
            false,
            {},
            false,
            "uncounted retries ended at " + std::to_string(kMostUncountedRetries)};
  // The first one goes at once: most often it was a restart, and the machine is fine.
  return {Verdict::Retry, false, before == 0 ? Duration(0) : backoff_after(policy.backoff, before), false,
          ""};
}

RetryDecision counted_retry(const RetryPolicy& policy, const AttemptEnd& end) {
  const uint32_t failures = end.before.counted + 1;
  if (failures > static_cast<uint32_t>(policy.limit)) return {};
  return {Verdict::Retry, true, backoff_after(policy.backoff, failures), false, ""};
}

// What follows gets more of what ran out. One that had the most there may be is not tried again: it would end
// the same way.
RetryDecision climb(const RetryRule& rule, const AttemptEnd& end, RetryDecision decision) {
  const auto grow = [](int64_t had, double factor, int64_t most) {
    return std::min(static_cast<int64_t>(static_cast<double>(had) * factor), most);
  };
  const int64_t memory = end.had.memory_bytes, most_memory = rule.memory_max.value_or(kNoBound);
  const Duration time = end.had.run_timeout, most_time = rule.timeout_max.value_or(Duration::max() / 2);
  const bool wants_memory = rule.memory_factor > 1 && memory > 0;
  const bool wants_time = rule.timeout_factor > 1 && time > Duration(0);
  const bool is_at_most = (wants_memory || wants_time) && (!wants_memory || memory >= most_memory) &&
                          (!wants_time || time >= most_time);
  if (is_at_most)
    return {Verdict::Failed, decision.counted, {}, false, "it had the most that its retry rule gives"};
  if (wants_memory && memory < most_memory)
    decision.grown.memory_bytes = grow(memory, rule.memory_factor, most_memory);
  if (wants_time && time < most_time)
    decision.grown.run_timeout = Duration(grow(time.count(), rule.timeout_factor, most_time.count()));
  return decision;
}

RetryDecision decide_by_rules(const RetryPolicy& policy, const AttemptEnd& end) {
  if (end.reason == Reason::Completed) return {Verdict::Succeeded, false, {}, false, ""};
  if (end.reason == Reason::Cancelled) return {Verdict::Cancelled, false, {}, false, ""};
  for (const RetryRule& rule : policy.rules) {
    if (!matches(rule, end)) continue;
    switch (rule.action) {
      case RetryAction::Retry: {
        RetryDecision decision = rule.counted ? counted_retry(policy, end) : uncounted_retry(policy, end);
        decision.grown = end.before.grown;  // what it does not grow stays
        return decision.verdict == Verdict::Retry ? climb(rule, end, decision) : decision;
      }
      case RetryAction::Fail: return {};
      case RetryAction::Infeasible: return {Verdict::Infeasible, false, {}, false, ""};
      case RetryAction::FailStudy: return {Verdict::Failed, true, {}, true, "a retry rule says FailStudy"};
    }
  }
  return is_the_engines_doing(end.reason) ? uncounted_retry(policy, end) : counted_retry(policy, end);
}

}  // namespace

Duration backoff_after(const Backoff& backoff, uint32_t failures) {
  const double wanted = static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, failures - 1);
  return Duration(static_cast<Duration::rep>(std::min(wanted, static_cast<double>(backoff.max.count()))));
}

RetryDecision decide_retry(const RetryPolicy& policy, const AttemptEnd& end) {
  RetryDecision decision = decide_by_rules(policy, end);
  if (decision.grown == GrownLimits{}) decision.grown = end.before.grown;
  return decision;
}

}  // namespace studyctl
