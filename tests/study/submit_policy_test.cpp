#include "study/submit_policy.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

std::unique_ptr<LoadedStudy> study_with(const std::string& pod, const std::string& container,
                                        const std::string& spec = "") {
  auto study = load_sent(
      {"apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: s}\nspec:\n  sweep: {i: [a, b]}\n" +
           spec + "  template:\n    spec:\n" + pod +
           "      containers:\n        - name: main\n          image: \"acme/bench:1\"\n          command: "
           "[a]\n" +
           container,
       "study.yaml"});
  EXPECT_TRUE(study) << study.error().message;
  return *std::move(study);
}

std::string refusal(const SubmitPolicy& policy, const LoadedStudy& study) {
  const auto checked = check_policy(policy, study);
  return checked ? "" : checked.error().message;
}

class HostPathTest : public testing::Test {
 protected:
  HostPathTest() {
    std::filesystem::create_directories(root() / "data/sets");
    std::filesystem::create_directories(root() / "database");
    std::filesystem::create_directory_symlink(root() / "database", root() / "data/link");
  }
  std::filesystem::path root() const { return std::filesystem::canonical(directory_.path()); }
  std::string mounting(const std::string& path, bool read_only, const std::string& allowed) {
    const auto study =
        study_with("      volumes: [{name: v, hostPath: {path: " + (root() / path).string() + "}}]\n",
                   std::string("          volumeMounts: [{name: v, mountPath: /v, readOnly: ") +
                       (read_only ? "true" : "false") + "}]\n");
    SubmitPolicy policy;
    if (!allowed.empty()) policy.host_paths = {(root() / allowed).string()};
    return refusal(policy, *study);
  }
  TemporaryDirectory directory_;
};

TEST_F(HostPathTest, NothingIsMountedUnlessItIsAllowed) {
  EXPECT_NE(mounting("data", true, "").find("lets nobody mount it"), std::string::npos);
  EXPECT_EQ(mounting("data", true, "data"), "");
  EXPECT_EQ(mounting("data/sets", true, "data"), "");
  EXPECT_NE(mounting("database", true, "data"), "");
  EXPECT_NE(mounting("", true, "data"), "");
}

TEST(SubmitPolicy, CommandsOutsideOfContainersArePrivileged) {
  const auto study = study_with("", "", "  execution: {engine: slurm}\n");
  EXPECT_NE(refusal({}, *study).find("execution.engine: slurm: this service gives nobody privileges"),
            std::string::npos);
  SubmitPolicy policy;
  policy.allows_privileged = true;
  EXPECT_EQ(refusal(policy, *study), "");
}

TEST_F(HostPathTest, WhatLeadsElsewhereIsThere) {
  EXPECT_NE(mounting("data/link", true, "data"), "");
}

TEST_F(HostPathTest, WritingIsAllowedByItself) {
  EXPECT_NE(mounting("data", false, "data").find("readOnly: true"), std::string::npos);
  EXPECT_EQ(mounting("data", false, "data:rw"), "");
}

TEST(SubmitPolicy, PrivilegesAreGivenToNobodyByDefault) {
  const char* contexts[] = {"{privileged: true}", "{allowPrivilegeEscalation: true}",
                            "{capabilities: {add: [SYS_ADMIN]}}"};
  for (const char* context : contexts) {
    const auto study = study_with("", std::string("          securityContext: ") + context + "\n");
    EXPECT_NE(refusal({}, *study), "") << context;
    SubmitPolicy generous;
    generous.allows_privileged = true;
    EXPECT_EQ(refusal(generous, *study), "") << context;
  }
  EXPECT_NE(refusal({}, *study_with("      hostNetwork: true\n", "")), "");
}

TEST(SubmitPolicy, DevicesAreLeasedAndNodesOfThemAreAllowedOneByOne) {
  EXPECT_EQ(refusal({}, *study_with("", "          resources: {limits: {nvidia.com/gpu: 1}}\n")), "");
  const auto study = study_with("", "          resources: {limits: {\"/dev/dri\": 1}}\n");
  EXPECT_NE(refusal({}, *study), "");
  SubmitPolicy policy;
  policy.devices = {"/dev/dri"};
  EXPECT_EQ(refusal(policy, *study), "");
}

TEST(SubmitPolicy, ImagesAreHeldAgainstPatternsByWhatIsFixedOfThem) {
  SubmitPolicy policy;
  policy.images = {"acme/*"};
  EXPECT_EQ(refusal(policy, *study_with("", "")), "");
  policy.images = {"other/*"};
  EXPECT_NE(refusal(policy, *study_with("", "")), "");
  policy.images = {"acme/bench:1"};
  EXPECT_EQ(refusal(policy, *study_with("", "")), "");
}

TEST(SubmitPolicy, WhatAnOverrideAsksForIsLookedAtToo) {
  SubmitPolicy policy;
  policy.images = {"acme/*"};
  const auto study =
      study_with("", "", "  overrides: [{match: {i: b}, container: {image: \"evil/${params.i}:1\"}}]\n");
  EXPECT_NE(refusal(policy, *study).find("evil/"), std::string::npos);
  const auto free =
      study_with("", "", "  overrides: [{match: {i: b}, container: {image: \"${params.i}\"}}]\n");
  EXPECT_NE(refusal(policy, *free), "");
}

}  // namespace
}  // namespace studyctl
