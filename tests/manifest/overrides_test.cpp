#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

const std::string kManifest = manifest_with(
    "  sweep: {model: [a, b], \"x, y\": [[1, 2]]}\n  execution: {cycles: 3, retry: {limit: 1}, cooldown: "
    "{cycle: 1m}}\n");

Overrides setting(const std::string& flag, const std::string& path, const std::string& value) {
  return {{{flag, path, value}}, {}};
}

TEST(Overrides, WinOverTheManifest) {
  EXPECT_EQ(study_of(kManifest, setting("--cycles", "execution.cycles", "5")).execution.cycles, 5u);
  EXPECT_EQ(study_of(kManifest, setting("--order", "execution.order", "Shuffled")).execution.order,
            Order::Shuffled);
  EXPECT_EQ(study_of(kManifest, setting("--set", "execution.retry.limit", "4")).execution.retry.limit, 4);
}

TEST(Overrides, AddWhatTheManifestDoesNotHave) {
  const Study study = study_of(kManifest, setting("--run-timeout", "execution.timeouts.run", "5m"));
  EXPECT_EQ(study.execution.timeouts.run, std::chrono::minutes(5));
  const Study bare =
      study_of(manifest_with(""), setting("--set", "execution.failureThreshold", "{maxFailed: 10%}"));
  EXPECT_DOUBLE_EQ(*bare.execution.threshold->max_failed_percent, 10);
}

TEST(Overrides, TakeAwayWithNothing) {
  const Study study = study_of(kManifest, setting("--no-cooldown", "execution.cooldown", ""));
  EXPECT_EQ(study.execution.cooldown.cycle, Duration(0));
}

TEST(Overrides, ChangeTheValuesOfAnAxis) {
  const Study study = study_of(kManifest, {{}, {{"model", "c,4,\"1.10\""}}});
  EXPECT_EQ(study.sweep[0].at(0), (std::vector<Value>{{Value::Kind::String, "c"}}));
  EXPECT_EQ(study.sweep[0].at(1), (std::vector<Value>{{Value::Kind::Number, "4"}}));
  EXPECT_EQ(study.sweep[0].at(2), (std::vector<Value>{{Value::Kind::String, "1.10"}}));
}

TEST(Overrides, AreKeptInTheManifestAsApplied) {
  const auto manifest =
      read_manifest(kManifest, "f", {{{"--cycles", "execution.cycles", "5"}}, {{"model", "c"}}});
  ASSERT_TRUE(manifest);
  const auto again = read_manifest(manifest->applied_json, "applied");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->study.execution.cycles, 5u);
  EXPECT_EQ(again->study.sweep[0].size(), 1u);
  EXPECT_EQ(design_json(*again), design_json(*manifest));
}

TEST(Overrides, LeaveAliasedPartsElsewhereAlone) {
  const std::string text = manifest_with("  sweep: {a: &v [1, 2], b: *v}\n");
  const Study study = study_of(text, {{}, {{"a", "5"}}});
  EXPECT_EQ(study.sweep[0].size(), 1u);
  EXPECT_EQ(study.sweep[1].size(), 2u);
}

TEST(Overrides, HaveTheFlagAsTheirPlace) {
  EXPECT_EQ(problems_of(kManifest, setting("--cycles", "execution.cycles", "0")),
            "--cycles: spec.execution.cycles: must be 1 to 1000000, is 0");
  EXPECT_EQ(problems_of(kManifest, setting("--set execution.cyles", "execution.cyles", "2")),
            "--set execution.cyles: spec.execution.cyles: unknown field, did you mean 'cycles'?");
  EXPECT_EQ(problems_of(kManifest, setting("--set results.path", "results.path", "/x")),
            "--set results.path: sets execution.PATH=VALUE alone; --param changes the values of an axis");
  EXPECT_EQ(problems_of(kManifest, setting("--set", "execution.cycles.x", "2")),
            "--set: spec.execution.cycles: is a number, with nothing to set in it; set it whole");
  EXPECT_EQ(problems_of(kManifest, {{}, {{"modle", "c"}}}),
            "--param modle: 'modle' is unknown, did you mean 'model'?");
  EXPECT_EQ(problems_of(kManifest, {{}, {{"x", "1"}}}),
            "--param x: 'x' moves together with others (x, y); change the manifest");
  EXPECT_EQ(problems_of(kManifest, {{}, {{"model", "1.10"}}}),
            "--param model: spec.sweep.model[0]: 1.10 means something else to kubectl; quote it: \"1.10\"");
  EXPECT_EQ(problems_of(kManifest, {{}, {{"model", "a]"}}}),
            "--param model: '[a]]' cannot be read; put quotes around it");
}

TEST(Overrides, AParameterThatIsDeclaredGetsAnAxis) {
  Overrides overrides;
  overrides.parameters = {{"tag", "a,b"}};
  const std::string text = manifest_with("  parameters: {tag: {enum: [a, b]}}\n");
  const Study study = study_of(text, overrides);
  ASSERT_EQ(study.sweep.size(), 1u);
  EXPECT_EQ(study.sweep[0].size(), 2u);
  overrides.parameters = {{"tga", "a"}};
  EXPECT_EQ(problems_of(text, overrides), "--param tga: 'tga' is unknown, did you mean 'tag'?");
}

}  // namespace
}  // namespace studyctl
