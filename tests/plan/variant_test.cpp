#include "plan/variant.h"

#include <gtest/gtest.h>

#include "plan/experiment.h"
#include "plan/resolve.h"
#include "plan/study_builder.h"

namespace studyctl {
namespace {

using std::chrono::hours;
using Is = Requirement::Is;

// Three models; what every test overrides.
Study models() {
  Study study;
  study.sweep = {axis("model", {"small", "large", "huge"})};
  study.pod.main.image = "bench:1";
  study.pod.main.command = {"bench"};
  study.pod.main.environment = {{"A", "1", {}}, {"B", "2", {}}};
  study.pod.main.resources.millicpu = 1000;
  study.pod.main.resources.devices = {{"nvidia.com/gpu", 1}};
  study.execution.timeouts.run = hours(1);
  study.execution.retry.limit = 1;
  return study;
}

Override where_model_is(const std::vector<std::string>& names) {
  Override result;
  result.match = {{"model", Is::In, texts(names), false}};
  return result;
}

Variant of(const Study& study, const std::string& model) {
  return variant_of(study, Point{{{"model", text(model)}}});
}

TEST(Variant, IsTheStudysOwnWhereNothingMatches) {
  Study study = models();
  study.overrides = {where_model_is({"huge"})};
  study.overrides[0].image = "bench:2";
  EXPECT_EQ(of(study, "small").pod.main.image, "bench:1");
  EXPECT_EQ(of(study, "huge").pod.main.image, "bench:2");
  EXPECT_EQ(of(study, "huge").pod.main.command, std::vector<std::string>{"bench"});
}

TEST(Variant, TheLaterOverrideWinsFieldByField) {
  Study study = models();
  study.overrides = {where_model_is({"large", "huge"}), where_model_is({"huge"})};
  study.overrides[0].run = hours(2);
  study.overrides[0].retry_limit = 3;
  study.overrides[1].run = hours(4);
  const Variant huge = of(study, "huge");
  EXPECT_EQ(huge.timeouts.run, Duration(hours(4)));
  EXPECT_EQ(huge.retry_limit, 3);
  EXPECT_EQ(of(study, "large").timeouts.run, Duration(hours(2)));
  EXPECT_EQ(of(study, "small").timeouts.run, Duration(hours(1)));
}

TEST(Variant, VariablesAndDevicesAreMergedByName) {
  Study study = models();
  study.overrides = {where_model_is({"huge"})};
  study.overrides[0].environment = {{"B", "3", {}}, {"C", "4", {}}};
  study.overrides[0].resources.devices = {{"nvidia.com/gpu", 0}, {"/dev/dri", 1}};
  study.overrides[0].command = std::vector<std::string>{};
  const Container main = of(study, "huge").pod.main;
  ASSERT_EQ(main.environment.size(), 3u);
  EXPECT_EQ(main.environment[1].value, "3");
  EXPECT_EQ(main.environment[2].name, "C");
  EXPECT_EQ(main.resources.devices, (std::vector<DeviceRequest>{{"/dev/dri", 1}}));
  EXPECT_EQ(main.resources.millicpu, 1000);
  EXPECT_TRUE(main.command.empty());
}

TEST(Variant, ANewLimitTakesTheOldRequestAway) {
  Study study = models();
  study.pod.main.resources.memory_bytes_request = 8;
  study.overrides = {where_model_is({"huge"})};
  study.overrides[0].resources.memory_bytes = 4;
  EXPECT_EQ(of(study, "huge").pod.main.resources.memory_bytes_request, std::nullopt);
  EXPECT_EQ(of(study, "small").pod.main.resources.memory_bytes_request, 8);
}

TEST(Variant, WhatIsExecutedIsInTheIdentityAndTimeoutsAndMemoryAreNot) {
  Study study = models();
  const Inputs inputs;
  const Plan plan = *Plan::make(study);
  const auto identities = [&] {
    std::vector<std::string> all;
    const Identifier identifier(study, inputs);
    for (uint64_t index = 0; index < plan.size(); ++index)
      all.push_back(identifier.of(plan.at(index)).identity);
    return all;
  };
  const auto before = identities();
  study.overrides = {where_model_is({"huge"})};
  study.overrides[0].run = hours(9);
  study.overrides[0].resources.memory_bytes = 1 << 20;
  EXPECT_EQ(identities(), before);
  study.overrides[0].image = "bench:2";
  const auto after = identities();
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_NE(after[2], before[2]);
}

TEST(Variant, AnIdentityIsOfWhatRunsAndNotOfHowThatIsSaid) {
  Study one = models();
  one.overrides = {where_model_is({"huge"})};
  one.overrides[0].image = "bench:2";
  Study other = models();
  other.pod.main.image = "bench:2";
  const Point huge{{{"model", text("huge")}}};
  const Inputs inputs;
  EXPECT_EQ(Identifier(one, inputs).of(huge).identity, Identifier(other, inputs).of(huge).identity);
}

// backend: [a, b]; a.n exists where backend is a.
Study scoped() {
  Study study;
  study.sweep = {axis("backend", {"a", "b"}), axis("a.n", {"1", "2"})};
  study.sweep[1].scope = Scope{"backend", "a"};
  return study;
}

TEST(Texts, OfEveryExperimentMustHaveWhatTheyReferTo) {
  Study study = scoped();
  study.pod.main.command = {"run", "${params.a.n}"};
  const Result<void> checked = check_texts(study, *Plan::make(study));
  ASSERT_FALSE(checked);
  EXPECT_EQ(
      checked.error().message,
      "experiment b: spec.template.spec.containers[0].command[1]: ${params.a.n}: nothing has this name; for "
      "the text ${ write $${");
}

TEST(Texts, ADefaultOrAnOverrideGivesWhatIsMissing) {
  Study study = scoped();
  study.pod.main.command = {"run", "${params.a.n:-0}"};
  EXPECT_TRUE(check_texts(study, *Plan::make(study)));
  study.pod.main.command = {"run", "${params.a.n}"};
  Override for_b;
  for_b.match = {{"backend", Is::In, texts({"b"}), false}};
  for_b.command = std::vector<std::string>{"run"};
  study.overrides = {for_b};
  EXPECT_TRUE(check_texts(study, *Plan::make(study)));
}

TEST(Texts, AnOverrideMayUseTheParametersOfItsBranch) {
  Study study = scoped();
  study.pod.main.command = {"run"};
  Override for_a;
  for_a.match = {{"backend", Is::In, texts({"a"}), false}};
  for_a.arguments = std::vector<std::string>{"${params.a.n}"};
  study.overrides = {for_a};
  EXPECT_TRUE(check_texts(study, *Plan::make(study)));
  study.overrides[0].match[0].values = texts({"a", "b"});
  EXPECT_FALSE(check_texts(study, *Plan::make(study)));
}

TEST(Variant, EveryOverrideKnowsHowManyPointsItIsOf) {
  Study study = models();
  study.overrides = {where_model_is({"large", "huge"}), where_model_is({"tiny"})};
  EXPECT_EQ(points_by_override(study, *Plan::make(study)), (std::vector<uint64_t>{2, 0}));
}

}  // namespace
}  // namespace studyctl
