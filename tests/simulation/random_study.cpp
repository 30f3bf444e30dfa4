#include "simulation/random_study.h"

namespace studyctl {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Timeouts random_timeouts(Dice& dice) {
  Timeouts timeouts;
  if (dice.percent(50)) timeouts.run = dice.between(minutes(5), hours(1));
  if (dice.percent(30)) timeouts.stalled = Stall{dice.between(minutes(1), minutes(10)), minutes(1)};
  if (dice.percent(30)) timeouts.pending = dice.between(seconds(30), minutes(10));
  if (dice.percent(10)) timeouts.study = dice.between(minutes(30), hours(3));
  timeouts.grace = dice.between(seconds(0), seconds(30));
  return timeouts;
}

RetryRule random_rule(Dice& dice) {
  RetryRule rule;
  switch (dice.below(5)) {
    case 0:
      rule.exit_codes = {78};
      rule.action = RetryAction::Infeasible;
      break;
    case 1:
      rule.reasons = {Reason::ImagePull};
      rule.action = RetryAction::Retry;
      rule.counted = false;
      break;
    case 2:
      rule.exit_codes = {2};
      rule.action = dice.percent(20) ? RetryAction::FailStudy : RetryAction::Fail;
      break;
    case 3:
      rule.log_pattern = "NCCL";
      rule.action = RetryAction::Retry;
      break;
    default:
      rule.reasons = {Reason::Lost, Reason::Interrupted};
      rule.action = RetryAction::Retry;
      break;
  }
  return rule;
}

FailureThreshold random_threshold(Dice& dice, bool grouped) {
  FailureThreshold threshold;
  if (dice.percent(50)) {
    threshold.max_failed = dice.below(6);
  } else {
    threshold.max_failed_percent = static_cast<double>(dice.below(60));
  }
  if (dice.percent(30)) threshold.min_samples = dice.below(5);
  if (grouped) threshold.group_by = {"molecule"};
  threshold.action = static_cast<FailureThreshold::Action>(dice.below(3));
  return threshold;
}

}  // namespace

RandomStudy random_study(Dice& dice) {
  RandomStudy random;
  random.experiments = 1 + dice.below(12);
  Execution& execution = random.study.execution;
  execution.cycles = static_cast<uint32_t>(1 + dice.below(3));
  execution.order = static_cast<Order>(dice.below(3));
  execution.seed = dice.next();
  execution.parallelism = static_cast<int>(1 + dice.below(5));
  if (dice.percent(40)) execution.cooldown.experiment = dice.between(seconds(1), minutes(2));
  if (dice.percent(30)) execution.cooldown.cycle = dice.between(seconds(1), minutes(10));
  execution.timeouts = random_timeouts(dice);
  execution.retry.limit = static_cast<int>(dice.below(4));
  execution.retry.backoff.initial = dice.between(seconds(0), minutes(1));
  for (uint64_t rules = dice.below(3); rules > 0; --rules) execution.retry.rules.push_back(random_rule(dice));
  if (dice.percent(30)) random.groups = 1 + dice.below(random.experiments);
  if (random.groups > 0 || dice.percent(30)) execution.threshold = random_threshold(dice, random.groups > 0);
  if (dice.percent(15)) random.at_most = 1 + dice.below(5);
  execution.pin_cpus = dice.percent(20);
  random.study.pod.main.resources.millicpu = 4000;
  return random;
}

Workload workload_of(uint64_t seed, const AttemptKey& key, const Execution& execution) {
  Dice dice(seed ^ (key.repetition.index << 32) ^ (uint64_t{key.repetition.cycle} << 16) ^ key.attempt);
  Workload workload;
  workload.length = dice.between(Duration(0), dice.percent(10) ? minutes(30) : minutes(3));
  const bool may_hang = execution.timeouts.run || execution.timeouts.study;
  if (may_hang && dice.percent(5)) workload.length = hours(100000);
  const uint64_t fate = dice.below(100);
  if (fate >= 75) workload.exit_code = fate < 85 ? 1 : fate < 90 ? 2 : fate < 94 ? 78 : 137;
  if (fate >= 97) workload.reason = Reason::OOMKilled;
  return workload;
}

}  // namespace studyctl
