#include "control/mounts.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

PodTemplate pod_with_caches() {
  PodTemplate pod;
  EmptyDirVolume of_run;
  of_run.scope = VolumeScope::Run;
  pod.volumes = {{"own", EmptyDirVolume{}}, {"cache", of_run}};
  pod.main.mounts = {{"own", "/own", "", false}, {"cache", "/cache", "", false}};
  return pod;
}

TEST(Mounts, AVolumeOfTheRunIsColdOnceAndWarmAfterwards) {
  TemporaryDirectory directory;
  const auto& root = directory.path();
  const PodTemplate pod = pod_with_caches();
  using Warmth = std::map<std::string, std::string>;
  const AttemptPaths first{root / "1", root / "1/study", root / "1.scratch", root / "volumes"};
  const auto plan = plan_volumes(pod, nullptr);
  ASSERT_TRUE(plan) << plan.error().message;
  auto made = make_volumes(*plan, first);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, (Warmth{{"cache", "cold"}, {"own", "cold"}}));
  const auto mounts = mounts_of(pod.main, pod, "/results", first);
  ASSERT_TRUE(mounts);
  EXPECT_EQ(mounts->at(2).source, (root / "1.scratch/own").string());
  EXPECT_EQ(mounts->at(3).source, (root / "volumes/cache").string());
  std::ofstream(root / "volumes/cache/x") << "x";
  std::ofstream(root / "1.scratch/own/x") << "x";
  const AttemptPaths second{root / "2", root / "2/study", root / "2.scratch", root / "volumes"};
  made = make_volumes(*plan, second);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, (Warmth{{"cache", "warm"}, {"own", "cold"}}));
}

}  // namespace
}  // namespace studyctl
