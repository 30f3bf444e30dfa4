#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

using namespace std::chrono_literals;

Execution execution_of(const std::string& fields) {
  return study_of(manifest_with("  sweep: {model: [a]}\n  execution: {" + fields + "}\n")).execution;
}

TEST(Execution, HasItsDefaults) {
  const Execution execution = study_of(manifest_with("")).execution;
  EXPECT_EQ(execution.engine, EngineKind::Auto);
  EXPECT_EQ(execution.cycles, 1u);
  EXPECT_EQ(execution.order, Order::Sequential);
  EXPECT_EQ(execution.parallelism, 1);
  EXPECT_EQ(execution.limit, 1000u);
  EXPECT_EQ(execution.retry.limit, 0);
  EXPECT_EQ(execution.timeouts.grace, 10s);
  EXPECT_FALSE(execution.timeouts.run);
  EXPECT_FALSE(execution.threshold);
}

TEST(Execution, ReadsWhatIsGiven) {
  const Execution execution = execution_of(
      "engine: podman, cycles: 5, order: Shuffled, seed: 42, parallelism: 3, limit: 10, expectedDuration: "
      "10m, cooldown: "
      "{experiment: 60s, cycle: 5m}, pinCpus: true, timeouts: {run: 1h30m, "
      "stalled: {after: 10m, "
      "initialDelay: 40m}, pending: 30m, study: 2d, grace: 0s}");
  EXPECT_EQ(execution.engine, EngineKind::Podman);
  EXPECT_EQ(execution.cycles, 5u);
  EXPECT_EQ(execution.order, Order::Shuffled);
  EXPECT_EQ(execution.seed, 42u);
  EXPECT_EQ(execution.parallelism, 3);
  EXPECT_EQ(execution.expected_duration, 10min);
  EXPECT_EQ(execution.cooldown.cycle, 5min);
  EXPECT_TRUE(execution.pin_cpus);
  EXPECT_EQ(execution.timeouts.run, 90min);
  EXPECT_EQ(execution.timeouts.stalled->initial_delay, 40min);
  EXPECT_EQ(execution.timeouts.study, 48h);
  EXPECT_EQ(execution.timeouts.grace, 0s);
}

TEST(Execution, ReadsWhatSlurmIsAskedFor) {
  const Execution execution = execution_of(
      "engine: slurm, slurm: {partition: gpu, account: lab, qos: high, constraint: a100, extraArgs: "
      "[--reservation=x]}");
  EXPECT_EQ(execution.engine, EngineKind::Slurm);
  EXPECT_EQ(execution.slurm.partition, "gpu");
  EXPECT_EQ(execution.slurm.account, "lab");
  EXPECT_EQ(execution.slurm.qos, "high");
  EXPECT_EQ(execution.slurm.constraint, "a100");
  EXPECT_EQ(execution.slurm.extra_arguments, std::vector<std::string>{"--reservation=x"});
}

TEST(Execution, ReadsHowCommandsRunOnSlurmsNodes) {
  const Execution execution = execution_of(
      "engine: slurm, slurm: {mode: allocation, setup: module load orca, inheritEnv: [A], wrapper: "
      "[apptainer, "
      "exec, '{image}']}");
  EXPECT_EQ(execution.slurm.mode, SlurmMode::Allocation);
  EXPECT_EQ(execution.slurm.commands.setup, "module load orca");
  EXPECT_EQ(execution.slurm.commands.inherit_env, std::vector<std::string>{"A"});
  EXPECT_EQ(execution.slurm.commands.wrapper, (std::vector<std::string>{"apptainer", "exec", "{image}"}));
  EXPECT_EQ(execution_of("engine: slurm").slurm.mode, SlurmMode::Auto);
}

TEST(Execution, AWrapperAndANamespaceDoNotBothMakeTheMounts) {
  EXPECT_EQ(execution_of("process: {namespaces: [mount, pid]}").process.namespaces,
            (std::vector<std::string>{"mount", "pid"}));
  const std::string said = problems_of(manifest_with(
      "  execution: {engine: process, process: {namespaces: [mount], wrapper: [apptainer]}}\n"));
  EXPECT_NE(said.find("namespaces: has mount, and a wrapper makes the mounts itself"), std::string::npos)
      << said;
}

TEST(Execution, StalledMayBeADurationAlone) {
  const Execution execution = execution_of("timeouts: {stalled: 10m}");
  EXPECT_EQ(execution.timeouts.stalled->after, 10min);
  EXPECT_EQ(execution.timeouts.stalled->initial_delay, 0s);
}

TEST(Execution, ReadsRetryRulesInTheirOrder) {
  const Execution execution = execution_of(
      "retry: {limit: 2, backoff: {initial: 1s, factor: 1.5, max: 1m}, rules: [{reasons: [ImagePull, Lost], "
      "action: Retry, "
      "counted: false}, {exitCodes: [78, 79], action: Infeasible}, {logPattern: 'NCCL.*timeout', action: "
      "FailStudy}]}");
  EXPECT_EQ(execution.retry.limit, 2);
  EXPECT_DOUBLE_EQ(execution.retry.backoff.factor, 1.5);
  ASSERT_EQ(execution.retry.rules.size(), 3u);
  EXPECT_EQ(execution.retry.rules[0].reasons, (std::vector<Reason>{Reason::ImagePull, Reason::Lost}));
  EXPECT_FALSE(execution.retry.rules[0].counted);
  EXPECT_EQ(execution.retry.rules[1].exit_codes, (std::vector<int>{78, 79}));
  EXPECT_EQ(execution.retry.rules[2].action, RetryAction::FailStudy);
}

TEST(Execution, ReadsAThresholdAsACountOrAPercentage) {
  const Execution count = execution_of("failureThreshold: {maxFailed: 5}");
  EXPECT_EQ(count.threshold->max_failed, 5u);
  EXPECT_EQ(count.threshold->action, FailureThreshold::Action::Pause);
  const Execution percent =
      execution_of("failureThreshold: {maxFailed: 2.5%, groupBy: [model], minSamples: 10, action: Cancel}");
  EXPECT_DOUBLE_EQ(*percent.threshold->max_failed_percent, 2.5);
  EXPECT_FALSE(percent.threshold->max_failed);
  EXPECT_EQ(percent.threshold->group_by, std::vector<std::string>{"model"});
  EXPECT_EQ(percent.threshold->min_samples, 10u);
}

TEST(Execution, ReadsUntilWhenToRepeatAndWhatMayBeSpent) {
  const std::string metric = "  results: {metrics: [{name: rate, from: {file: a, pointer: /r}}]}\n";
  const Execution execution =
      study_of(
          manifest_with(metric +
                        "  execution: {cycles: 5, repeatUntil: {metric: rate, ciWidth: 2.5%, maxCycles: 20}, "
                        "budget: {gpuHours: 0.5}}\n"))
          .execution;
  ASSERT_TRUE(execution.repeat_until && execution.budget);
  EXPECT_EQ(execution.repeat_until->metric, "rate");
  EXPECT_DOUBLE_EQ(execution.repeat_until->width, 0.025);
  EXPECT_EQ(execution.repeat_until->max_cycles, 20u);
  EXPECT_EQ(execution.budget->gpu_hours, 0.5);
}

TEST(Execution, SaysWhatIsWrongWithRepeating) {
  const std::string told = problems_of(
      manifest_with("  execution: {cycles: 30, repeatUntil: {metric: rate, ciWidth: 0%, maxCycles: 20}}\n"));
  EXPECT_NE(told.find("repeatUntil.ciWidth: must be a percentage above 0%"), told.npos) << told;
  EXPECT_NE(told.find("execution.cycles: is more than repeatUntil.maxCycles"), told.npos) << told;
  EXPECT_NE(told.find("repeatUntil.metric: unknown metric"), told.npos) << told;
}

TEST(Execution, ReadsWhereACheckpointIsSeen) {
  EXPECT_EQ(study_of(manifest_with("  checkpoint: {path: /checkpoint}\n")).checkpoint_path, "/checkpoint");
  const std::string told = problems_of(manifest_with("  checkpoint: {path: there}\n"));
  EXPECT_NE(told.find("spec.checkpoint.path: must be an absolute directory"), told.npos) << told;
}

TEST(Execution, WarnsWhenAnAttemptCouldHangForEver) {
  const auto without = read_manifest(manifest_with(""), "f");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->warnings,
            std::vector<std::string>{
                "f:5:3: spec.execution.timeouts.run: is not set; an attempt that hangs runs for ever"});
  const auto with = read_manifest(manifest_with("  execution: {timeouts: {run: 1m}}\n"), "f");
  ASSERT_TRUE(with);
  EXPECT_TRUE(with->warnings.empty());
}

TEST(Execution, ReadsWhatKeepsMeasurementsClean) {
  const Execution execution = execution_of(
      "cooldown: {experiment: 1m, gpuTemperatureBelow: 60, maxWait: 5m}, gpu: {requireIdle: true}, "
      "coldStart: "
      "true, timeouts: {pending: 30m}");
  EXPECT_EQ(execution.cooldown.gpu_temperature_below, 60);
  EXPECT_EQ(execution.cooldown.max_wait, 5min);
  EXPECT_TRUE(execution.gpu_require_idle);
  EXPECT_TRUE(execution.cold_start);
}

TEST(Execution, ReadsLadders) {
  const Execution execution = execution_of(
      "retry: {limit: 3, rules: [{reasons: [OOMKilled], action: Retry, memoryFactor: 1.5, memoryMax: 64Gi}, "
      "{reasons: [Timeout], action: Retry, timeoutFactor: 2, timeoutMax: 8h}]}");
  EXPECT_EQ(execution.retry.rules.at(0).memory_factor, 1.5);
  EXPECT_EQ(execution.retry.rules.at(0).memory_max, int64_t{64} << 30);
  EXPECT_EQ(execution.retry.rules.at(1).timeout_factor, 2);
  EXPECT_EQ(execution.retry.rules.at(1).timeout_max, 8h);
}

}  // namespace
}  // namespace studyctl
