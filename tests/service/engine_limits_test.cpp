#include "service/engine_limits.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(EngineLimits, AreNamedWithTheirFields) {
  Study study;
  EXPECT_TRUE(not_heeded(study, "kubernetes").empty());
  study.execution.pin_cpus = study.execution.cold_start = study.execution.gpu_require_idle = true;
  study.execution.cooldown.gpu_temperature_below = 60;
  Override rule;
  rule.resources.pids = 100;
  study.overrides.push_back(rule);
  const auto problems = not_heeded(study, "kubernetes");
  ASSERT_EQ(problems.size(), 5u);
  for (const char* field :
       {"studyctl.io/pids", "pinCpus", "coldStart", "requireIdle", "gpuTemperatureBelow"}) {
    size_t named = 0;
    for (const std::string& problem : problems) named += problem.find(field) != std::string::npos ? 1 : 0;
    EXPECT_EQ(named, 1u) << field;
  }
}

TEST(EngineLimits, AreNoConcernOfAnEngineOnThisMachine) {
  Study study;
  study.execution.pin_cpus = true;
  EXPECT_TRUE(not_heeded(study, "docker").empty());
}

TEST(EngineLimits, WhatOnlyAClusterKnowsIsLeftOutElsewhereButForWhatKeepsAWorkloadFromSomething) {
  Study study;
  study.pod.cluster_fields = {{"nodeSelector", "{}"}, {"tolerations", "[]"}};
  study.pod.annotations = {{"a", "b"}};
  EXPECT_TRUE(left_out(study, "kubernetes").empty());
  EXPECT_EQ(left_out(study, "docker"),
            (std::vector<std::string>{"spec.nodeSelector", "spec.tolerations", "metadata.annotations"}));
  EXPECT_TRUE(not_heeded(study, "docker").empty());
  study.pod.cluster_fields = {{"securityContext", "{}"}};
  EXPECT_TRUE(not_heeded(study, "kubernetes").empty());
  EXPECT_EQ(not_heeded(study, "process").size(), 1u);
}

Study with_sidecar() {
  Study study;
  study.pod.main.name = "app";
  Container helper;
  helper.name = "helper";
  helper.sidecar = Sidecar::WithMain;
  study.pod.init_containers.push_back(helper);
  return study;
}

TEST(EngineLimits, NothingRunsBesideTheFirstContainerButOnACluster) {
  EXPECT_TRUE(not_heeded(with_sidecar(), "kubernetes").empty());
  const auto problems = not_heeded(with_sidecar(), "docker");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0],
            "container helper: engine docker runs nothing beside containers[0]: start it in that one's "
            "command, or use "
            "engine kubernetes");
}

TEST(EngineLimits, ClaimsAreOfACluster) {
  Study study;
  study.pod.main.name = "app";
  study.pod.main.cluster_fields = {{"claims", "[]"}};
  EXPECT_TRUE(not_heeded(study, "kubernetes").empty());
  const auto problems = not_heeded(study, "podman");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find("resources.claims: engine podman knows no claims"), std::string::npos);
}

TEST(EngineLimits, MemoryIsNotSharedWithASidecar) {
  Study study = with_sidecar();
  EmptyDirVolume memory;
  memory.in_memory = true;
  study.pod.volumes.push_back({"fast", memory});
  VolumeMount mount;
  mount.volume = "fast";
  study.pod.init_containers[0].mounts.push_back(mount);
  EXPECT_TRUE(not_heeded(study, "kubernetes").empty());
  study.pod.main.mounts.push_back(mount);
  const auto problems = not_heeded(study, "kubernetes");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find("spec.template.spec.volumes: fast"), std::string::npos);
}

TEST(LongestAttempt, IsThatOfTheOverrideThatLetsOneRunLongest) {
  Study study;
  EXPECT_EQ(longest_attempt(study), Duration(0));
  study.execution.timeouts.run = std::chrono::minutes(5);
  EXPECT_EQ(longest_attempt(study), std::chrono::minutes(5) + std::chrono::seconds(10));
  study.overrides.resize(2);
  study.overrides[0].grace = std::chrono::minutes(1);
  EXPECT_EQ(longest_attempt(study), std::chrono::minutes(6));
  study.overrides[1].run = std::chrono::hours(1);
  EXPECT_EQ(longest_attempt(study), std::chrono::hours(1) + std::chrono::seconds(10));
}

TEST(EngineLimits, WhatAttemptsShareCannotBeCarried) {
  Study study;
  Volume volume;
  volume.name = "cache";
  volume.source = EmptyDirVolume{};
  study.pod.volumes = {volume};
  EXPECT_TRUE(can_be_carried(study));
  std::get<EmptyDirVolume>(study.pod.volumes[0].source).scope = VolumeScope::Run;
  const auto refused = can_be_carried(study);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("spec.volumeScopes.cache: Run is a directory that attempts share"),
            std::string::npos);
}

}  // namespace
}  // namespace studyctl
