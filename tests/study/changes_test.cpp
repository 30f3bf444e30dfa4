#include "study/changes.h"

#include <gtest/gtest.h>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "study/applied_manifest.h"

namespace studyctl {
namespace {

class ChangesTest : public testing::Test {
 protected:
  std::unique_ptr<LoadedStudy> study(const std::string& sweep, const std::string& rest = "",
                                     const std::string& image = "a:1") {
    const std::filesystem::path file = directory_.path() / "study.yaml";
    const std::string text =
        "apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: nmr}\nspec:\n  sweep: {" + sweep +
        "}\n  template: {spec: {containers: [{name: main, image: \"" + image +
        "\", command: [run, \"${params.level}\"]}]}}\n" + rest;
    EXPECT_TRUE(write_file_atomically(file, text));
    StudyArguments arguments;
    arguments.file = file.string();
    auto loaded = load_study(arguments);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *std::move(loaded) : nullptr;
  }
  std::vector<std::string> lines(const LoadedStudy& before, const LoadedStudy& after) {
    const auto changes = changes_of(manifest_as_applied(before, {}), {}, after);
    EXPECT_TRUE(changes) << changes.error().message;
    EXPECT_EQ(changes->none(), change_lines(*changes).empty());
    return change_lines(*changes);
  }
  using Lines = std::vector<std::string>;

  TemporaryDirectory directory_;
};

TEST_F(ChangesTest, ApplyingTheSameAgainChangesNothing) {
  for (const std::string& rest :
       {std::string(), std::string("  execution: {cycles: 3, retry: {limit: 2, backoff: {initial: 1s}}}\n"),
        std::string(
            "  files: {a.txt: \"é \\\" ${params.level}\"}\n  results: {metrics: [{name: e, from: {file: a, "
            "regex: 'E=(\\S+)'}}]}\n")})
    EXPECT_EQ(lines(*study("level: [1, 2]", rest), *study("level: [1, 2]", rest)), Lines{}) << rest;
}

TEST_F(ChangesTest, AnotherRetentionIsAChangeOfWhatStays) {
  EXPECT_EQ(lines(*study("level: [1]"), *study("level: [1]", "  retention: {runs: 3}\n")),
            Lines{"retention.runs: none → 3"});
}

TEST_F(ChangesTest, OtherExperimentsAreCounted) {
  EXPECT_EQ(lines(*study("level: [1, 2]"), *study("level: [2, 3, 4]")),
            Lines{"experiments: + 2 new  = 1 same  - 1 dropped"});
  EXPECT_EQ(lines(*study("level: [1, 2]"), *study("level: [1, 2]", "", "a:2")),
            Lines{"experiments: ~ 2 changed"});
}

TEST_F(ChangesTest, AnotherOrderOfAxisValuesIsNoOtherExperiment) {
  const auto changes =
      changes_of(manifest_as_applied(*study("level: [1, 2]"), {}), {}, *study("level: [2, 1]"));
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->experiments.none());
  EXPECT_TRUE(changes->others);
}

TEST_F(ChangesTest, TheExecutionIsToldValueByValue) {
  EXPECT_EQ(lines(*study("level: [1]"),
                  *study("level: [1]", "  execution: {parallelism: 4, timeouts: {run: 5m}}\n")),
            (Lines{"execution.parallelism: 1 → 4", "execution.timeouts.run: none → 5m"}));
}

TEST_F(ChangesTest, NotificationsAreToldByTheirNames) {
  const auto rules = [&](const std::string& list) {
    return study("level: [1]", "  notifications: [" + list + "]\n");
  };
  EXPECT_EQ(lines(*rules("{name: a, on: [Failed], webhook: {url: 'https://a.org/1'}},"
                         "{name: b, on: [Failed], webhook: {url: 'https://b.org'}}"),
                  *rules("{on: [Paused], webhook: {url: 'https://c.org'}},"
                         "{name: a, on: [Failed], webhook: {url: 'https://a.org/2'}}")),
            (Lines{"notifications.1: new", "notifications.a.webhook.url: https://a.org/1 → https://a.org/2",
                   "notifications.b: dropped"}));
  EXPECT_EQ(lines(*study("level: [1]"), *rules("{on: [Paused], webhook: {url: 'https://c.org'}}")),
            Lines{"notifications.1: new"});
}

TEST_F(ChangesTest, OtherMetricRulesAreNoOtherExperiment) {
  const std::string rules = "  results: {metrics: [{name: e, from: {file: a, pointer: /e}}]}\n";
  const auto changes =
      changes_of(manifest_as_applied(*study("level: [1]"), {}), {}, *study("level: [1]", rules));
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->experiments.none());
  EXPECT_TRUE(changes->metrics);
  EXPECT_EQ(change_lines(*changes), Lines{"results.metrics: other rules"});
}

TEST_F(ChangesTest, AnotherSeedIsSaid) {
  const auto changes = changes_of(manifest_as_applied(*study("level: [1]"), {}), {},
                                  *study("level: [1]", "  execution: {seed: 7}\n"));
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->seed);
}

}  // namespace
}  // namespace studyctl
