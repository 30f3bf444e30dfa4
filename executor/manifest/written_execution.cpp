#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/written_study.h"

namespace studyctl {
namespace {

Written duration(Duration value) {
  return Written::text(format_duration(value));
}

Written count(uint64_t value) {
  return Written::number(std::to_string(value));
}

std::string_view word(EngineKind kind) {
  switch (kind) {
    case EngineKind::Auto: return "auto";
    case EngineKind::Docker: return "docker";
    case EngineKind::Podman: return "podman";
  }
  return "auto";
}

std::string_view word(Order order) {
  switch (order) {
    case Order::Sequential: return "Sequential";
    case Order::Interleaved: return "Interleaved";
    case Order::Shuffled: return "Shuffled";
  }
  return "Sequential";
}

std::string_view word(RetryAction action) {
  switch (action) {
    case RetryAction::Retry: return "Retry";
    case RetryAction::Fail: return "Fail";
    case RetryAction::FailStudy: return "FailStudy";
    case RetryAction::Infeasible: return "Infeasible";
  }
  return "Fail";
}

std::string_view word(FailureThreshold::Action action) {
  switch (action) {
    case FailureThreshold::Action::Pause: return "Pause";
    case FailureThreshold::Action::Stop: return "Stop";
    case FailureThreshold::Action::Cancel: return "Cancel";
  }
  return "Pause";
}

Written timeouts(const Timeouts& timeouts) {
  Written::Map map;
  if (timeouts.run) map.emplace_back("run", duration(*timeouts.run));
  if (timeouts.stalled) {
    map.emplace_back("stalled",
                     Written{Written::Map{{"after", duration(timeouts.stalled->after)},
                                          {"initialDelay", duration(timeouts.stalled->initial_delay)}}});
  }
  if (timeouts.pending) map.emplace_back("pending", duration(*timeouts.pending));
  if (timeouts.study) map.emplace_back("study", duration(*timeouts.study));
  map.emplace_back("grace", duration(timeouts.grace));
  return {std::move(map)};
}

Written rule(const RetryRule& rule) {
  Written::Map map;
  if (!rule.reasons.empty()) {
    Written::List reasons;
    for (const Reason reason : rule.reasons) reasons.push_back(Written::text(name_of(reason)));
    map.emplace_back("reasons", Written{std::move(reasons)});
  }
  if (!rule.exit_codes.empty()) {
    Written::List codes;
    for (const int code : rule.exit_codes) codes.push_back(Written::number(int64_t{code}));
    map.emplace_back("exitCodes", Written{std::move(codes)});
  }
  if (!rule.log_pattern.empty()) map.emplace_back("logPattern", Written::text(rule.log_pattern));
  map.emplace_back("action", Written::text(word(rule.action)));
  if (rule.action == RetryAction::Retry) map.emplace_back("counted", Written::boolean(rule.counted));
  return {std::move(map)};
}

Written retry(const RetryPolicy& policy) {
  Written::List rules;
  for (const RetryRule& one : policy.rules) rules.push_back(rule(one));
  return {Written::Map{
      {"limit", Written::number(int64_t{policy.limit})},
      {"backoff", Written{Written::Map{{"initial", duration(policy.backoff.initial)},
                                       {"factor", Written::number(canonical_number(policy.backoff.factor))},
                                       {"max", duration(policy.backoff.max)}}}},
      {"rules", Written{std::move(rules)}}}};
}

Written threshold(const FailureThreshold& threshold) {
  Written::Map map;
  if (threshold.max_failed) map.emplace_back("maxFailed", count(*threshold.max_failed));
  if (threshold.max_failed_percent) {
    map.emplace_back("maxFailed", Written::text(canonical_number(*threshold.max_failed_percent) + "%"));
  }
  Written::List groups;
  for (const std::string& name : threshold.group_by) groups.push_back(Written::text(name));
  map.emplace_back("groupBy", Written{std::move(groups)});
  map.emplace_back("minSamples", count(threshold.min_samples));
  map.emplace_back("action", Written::text(word(threshold.action)));
  return {std::move(map)};
}

}  // namespace

Written written_execution(const Execution& execution) {
  Written::Map map;
  map.emplace_back("engine", Written::text(word(execution.engine)));
  map.emplace_back("cycles", count(execution.cycles));
  map.emplace_back("order", Written::text(word(execution.order)));
  map.emplace_back("seed", count(execution.seed));
  map.emplace_back("parallelism", Written::number(int64_t{execution.parallelism}));
  map.emplace_back("limit", count(execution.limit));
  if (execution.expected_duration)
    map.emplace_back("expectedDuration", duration(*execution.expected_duration));
  map.emplace_back("cooldown", Written{Written::Map{{"experiment", duration(execution.cooldown.experiment)},
                                                    {"cycle", duration(execution.cooldown.cycle)}}});
  map.emplace_back("timeouts", timeouts(execution.timeouts));
  map.emplace_back("retry", retry(execution.retry));
  if (execution.threshold) map.emplace_back("failureThreshold", threshold(*execution.threshold));
  map.emplace_back("gpu",
                   Written{Written::Map{{"requireIdle", Written::boolean(execution.require_idle_gpu)}}});
  map.emplace_back("pinCpus", Written::boolean(execution.pin_cpus));
  return {std::move(map)};
}

}  // namespace studyctl
