#include "engine/host_process.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

namespace studyctl {
namespace {

ContainerSpec container() {
  ContainerSpec spec;
  spec.image = kNoImage;
  spec.command = {"solve", "/results", "/results/out", "/resultset", "--to=/results"};
  spec.environment = {{"STUDY_RESULTS", "/results"}, {"IN", "/data/in/x"}};
  spec.mounts = {{Mount::Kind::Bind, "/v/attempt-1", "/results", false, {}},
                 {Mount::Kind::Bind, "/v/attempt-1/study", "/study", true, {}},
                 {Mount::Kind::Bind, "/srv", "/data", false, {}},
                 {Mount::Kind::Bind, "/fast", "/data/in", false, {}}};
  return spec;
}

std::optional<std::string> value_of(const HostProcess& process, const std::string& name) {
  for (const auto& [each, value] : process.environment)
    if (each == name) return value;
  return std::nullopt;
}

TEST(HostProcessTest, PathsThatMountsShowAreThoseOfTheHost) {
  const auto process = host_process(container(), {});
  ASSERT_TRUE(process);
  EXPECT_EQ(process->words, (std::vector<std::string>{"solve", "/v/attempt-1", "/v/attempt-1/out",
                                                      "/resultset", "--to=/results"}));
  EXPECT_EQ(value_of(*process, "STUDY_RESULTS"), "/v/attempt-1");
  EXPECT_EQ(value_of(*process, "IN"), "/fast/x");
}

TEST(HostProcessTest, WithMountsOfItsOwnPathsAreThoseOfTheManifest) {
  ProcessOptions options;
  options.namespaces = {"mount", "net"};
  const auto process = host_process(container(), options);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->words, container().command);
  EXPECT_EQ(value_of(*process, "STUDY_RESULTS"), "/results");
  EXPECT_EQ(process->directory, "/results");
  EXPECT_EQ(process->namespaces.mounts.size(), 4u);
  EXPECT_TRUE(process->namespaces.has_network);
  EXPECT_FALSE(process->namespaces.has_processes);
}

TEST(HostProcessTest, BeginsWhereItsResultsGoUnlessAWorkingDirectoryIsGiven) {
  ContainerSpec spec = container();
  EXPECT_EQ(host_process(spec, {})->directory, "/v/attempt-1");
  spec.working_directory = "/data/run";
  EXPECT_EQ(host_process(spec, {})->directory, "/srv/run");
}

TEST(HostProcessTest, ItsEnvironmentIsCleanButForWhatIsInherited) {
  setenv("STUDYCTL_TEST_WANTED", "yes", 1);
  setenv("STUDYCTL_TEST_OTHER", "no", 1);
  const auto process =
      host_process(container(), {"", {"STUDYCTL_TEST_WANTED", "STUDYCTL_TEST_ABSENT"}, {}, {}});
  EXPECT_EQ(value_of(*process, "STUDYCTL_TEST_WANTED"), "yes");
  EXPECT_EQ(value_of(*process, "STUDYCTL_TEST_OTHER"), std::nullopt);
  EXPECT_EQ(value_of(*process, "STUDYCTL_TEST_ABSENT"), std::nullopt);
  EXPECT_TRUE(value_of(*process, "PATH")->ends_with("/usr/bin:/sbin:/bin"));
  EXPECT_TRUE(value_of(*process, "HOME"));
}

TEST(HostProcessTest, WhatTheContainerSetsWinsOverWhatIsInherited) {
  ContainerSpec spec = container();
  spec.environment.emplace_back("PATH", "/opt/bin");
  EXPECT_EQ(value_of(*host_process(spec, {"", {"PATH"}, {}, {}}), "PATH"), "/opt/bin");
}

TEST(HostProcessTest, TheSetUpRunsFirstInALoginShell) {
  const auto process = host_process(container(), {"module load orca", {}, {}, {}});
  ASSERT_EQ(process->words.size(), 10u);
  EXPECT_EQ(process->words[1], "-l");
  EXPECT_EQ(process->words[3], "module load orca\nexec \"$@\"");
  EXPECT_EQ(process->words[5], "solve");
}

TEST(HostProcessTest, AWrapperRunsTheImageAndMakesTheMounts) {
  ContainerSpec spec = container();
  spec.image = "/images/solver.sif";
  const ProcessOptions options{
      "", {}, {"apptainer", "exec", "--bind={mount}", "--pwd={directory}", "{image}"}, {}};
  const auto process = host_process(spec, options);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->words,
            (std::vector<std::string>{"apptainer", "exec", "--bind=/v/attempt-1:/results",
                                      "--bind=/v/attempt-1/study:/study:ro", "--bind=/srv:/data",
                                      "--bind=/fast:/data/in", "--pwd=/results", "/images/solver.sif",
                                      "solve", "/results", "/results/out", "/resultset", "--to=/results"}));
  EXPECT_EQ(value_of(*process, "STUDY_RESULTS"), "/results");
  EXPECT_EQ(process->directory, "/v/attempt-1");
  spec.command.clear();
  EXPECT_EQ(host_process(spec, options)->words.back(), "/images/solver.sif");
}

TEST(HostProcessTest, AWrapperLeavesAloneWhatHasNoImage) {
  EXPECT_EQ(host_process(container(), {"", {}, {"apptainer", "exec", "{image}"}, {}})->words.front(),
            "solve");
}

TEST(HostProcessTest, WithoutACommandItSaysWhatToWrite) {
  ContainerSpec spec = container();
  spec.command.clear();
  const auto process = host_process(spec, {});
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().message,
            "command: is not there, and no image is used that could have one; write command: [...]");
}

TEST(HostProcessTest, VolumesOfAContainerEngineAreRefused) {
  ContainerSpec named = container(), memory = container();
  named.mounts.push_back({Mount::Kind::Volume, "cache", "/cache", false, {}});
  memory.mounts.push_back({Mount::Kind::Memory, "", "/shm", false, {}});
  EXPECT_EQ(host_process(named, {}).error().message,
            "/cache: volume 'cache' is a container engine's; without one, mount a hostPath");
  EXPECT_EQ(host_process(memory, {}).error().message,
            "/shm: an emptyDir in memory needs a container engine, or mount in execution.process.namespaces; "
            "else leave its medium out");
}

}  // namespace
}  // namespace studyctl
