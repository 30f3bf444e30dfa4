#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

const std::string kSweep = "  sweep: {model: [small, large]}\n";

std::string told(const std::string& override) {
  return problems_of(manifest_with(kSweep + "  overrides: [" + override + "]\n"));
}

TEST(OverrideReader, ReadsWhatChangesAndNothingElse) {
  const Study study =
      study_of(manifest_with(kSweep + "  overrides:\n"
                                      "    - match: {model: {matches: l*}}\n"
                                      "      timeouts: {run: 2h, stalled: {after: 10m, initialDelay: 40m}}\n"
                                      "      retry: {limit: 3}\n"
                                      "      container:\n"
                                      "        image: \"big:${params.model}\"\n"
                                      "        command: []\n"
                                      "        env: [{name: A, value: \"1\"}]\n"
                                      "        resources: {limits: {memory: 64Gi, nvidia.com/gpu: 0}}\n"));
  ASSERT_EQ(study.overrides.size(), 1u);
  const Override& one = study.overrides[0];
  EXPECT_EQ(one.match[0].is, Requirement::Is::Like);
  EXPECT_EQ(one.run, Duration(std::chrono::hours(2)));
  EXPECT_EQ(one.stalled->initial_delay, Duration(std::chrono::minutes(40)));
  EXPECT_EQ(one.pending, std::nullopt);
  EXPECT_EQ(one.retry_limit, 3);
  EXPECT_EQ(one.image, "big:${params.model}");
  EXPECT_EQ(one.command, std::vector<std::string>{});
  EXPECT_EQ(one.arguments, std::nullopt);
  EXPECT_EQ(one.resources.memory_bytes, int64_t{64} << 30);
  EXPECT_EQ(one.resources.devices, (std::vector<DeviceRequest>{{"nvidia.com/gpu", 0}}));
  EXPECT_EQ(one.place, "study.yaml:7:7");
}

TEST(OverrideReader, WhatItCannotChangeIsRefusedByName) {
  EXPECT_NE(
      told("{match: {model: large}, container: {workingDir: /x}}").find("workingDir: is the same for all"),
      std::string::npos);
  EXPECT_NE(told("{match: {model: large}, timeouts: {study: 1h}}").find("timeouts.study: is one for all"),
            std::string::npos);
  EXPECT_NE(told("{match: {model: large}, retry: {rules: []}}").find("retry.rules: is the same for all"),
            std::string::npos);
  EXPECT_NE(told("{match: {model: large}, volumes: []}").find("volumes: unknown field"), std::string::npos);
}

TEST(OverrideReader, MistakesAreToldWithTheirPlaces) {
  EXPECT_EQ(told("{match: {modle: large}, retry: {limit: 1}}"),
            "study.yaml:6:24: spec.overrides[0].match.modle: unknown parameter, did you mean 'model'?");
  EXPECT_NE(told("{container: {image: a}}").find("say which points"), std::string::npos);
  EXPECT_NE(told("{match: {model: large}}").find("nothing is changed where it matches"), std::string::npos);
  EXPECT_NE(
      told("{match: {model: large}, container: {image: \"a:${params.x}\"}}").find("unknown parameter 'x'"),
      std::string::npos);
  EXPECT_NE(told("{match: {model: large}, container: {image: \"\"}}").find("is empty; leave it out"),
            std::string::npos);
}

TEST(OverrideReader, ASecretOfTheStudyIsNotPutOnAnOverridesCommandLine) {
  const std::string text =
      "apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: s}\nspec:\n  sweep: {m: [a]}\n"
      "  overrides: [{match: {m: a}, container: {command: [x, $(TOKEN)]}}]\n"
      "  template: {spec: {containers: [{image: a, env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: s, "
      "key: "
      "k}}}]}]}}\n";
  EXPECT_NE(problems_of(text).find("overrides[0].container.command[1]: $(TOKEN) is a secret"),
            std::string::npos);
}

TEST(OverrideReader, WhatRunsIsDesignAndHowLongIsExecution) {
  const auto read = [](const std::string& override) {
    auto manifest = read_manifest(manifest_with(kSweep + "  overrides: [" + override + "]\n"), "study.yaml");
    EXPECT_TRUE(manifest) << manifest.error().message;
    return *std::move(manifest);
  };
  const Manifest short_run = read("{match: {model: large}, timeouts: {run: 1h}, container: {image: b}}");
  const Manifest long_run = read("{match: {model: large}, timeouts: {run: 9h}, container: {image: b}}");
  const Manifest other = read("{match: {model: large}, timeouts: {run: 1h}, container: {image: c}}");
  EXPECT_EQ(design_json(short_run), design_json(long_run));
  EXPECT_NE(execution_json(short_run), execution_json(long_run));
  EXPECT_NE(design_json(short_run), design_json(other));
  EXPECT_EQ(execution_json(short_run), execution_json(other));
  const auto again = read_manifest(to_yaml(short_run), "study.yaml");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_yaml(*again), to_yaml(short_run));
}

}  // namespace
}  // namespace studyctl
