#include "plan/check.h"

#include <gtest/gtest.h>

#include "plan/study_builder.h"

namespace studyctl {
namespace {

using Strings = std::vector<std::string>;

Strings problems_of(const Study& study) {
  Strings texts;
  for (const PlanProblem& problem : check_plan(study)) texts.push_back(problem.text());
  return texts;
}

Study sound_study() {
  Study study;
  study.sweep = {axis("model", {"a", "b"}), axis("charge", {"0"})};
  study.pod.main.image = "acme/${params.model}";
  study.pod.main.command = {"run", "${HOME}", "${run.seed}", "${resources.gpus}"};
  study.files = {{"in.txt", "charge ${params.charge}", ""}};
  return study;
}

TEST(CheckPlan, FindsNothingInASoundStudy) {
  EXPECT_EQ(problems_of(sound_study()), Strings{});
}

TEST(CheckPlan, NamesEveryFieldWithAnUnknownName) {
  Study study = sound_study();
  study.pod.main.command[1] = "${params.modle}";
  study.pod.main.mounts = {{"data", "/x", "${run.sed}", false}};
  study.pod.init_containers = {study.pod.main};
  study.pod.init_containers[0].command[1] = "ok";
  study.files[0].content = "${params.charge";
  EXPECT_EQ(
      problems_of(study),
      (Strings{
          "spec.template.spec.initContainers[0].volumeMounts[0].subPath: ${run.sed}: nothing has this name; "
          "did "
          "you mean ${run.seed}?",
          "spec.template.spec.containers[0].command[1]: ${params.modle}: nothing has this name; did you mean "
          "${params.model}?",
          "spec.template.spec.containers[0].volumeMounts[0].subPath: ${run.sed}: nothing has this name; did "
          "you "
          "mean ${run.seed}?",
          "spec.files.in.txt: ${params.charge is not closed with }; for the text ${ write $${"}));
}

TEST(CheckPlan, AnExplicitExperimentHasEveryParameter) {
  Study study = sound_study();
  study.experiments = {experiment({{"model", "c"}, {"charge", "1"}}),
                       experiment({{"model", "c"}}, "study.yaml:9:7")};
  EXPECT_EQ(problems_of(study), (Strings{"study.yaml:9:7: spec.experiments[1]: lacks 'charge'; give it every "
                                         "parameter that the others have"}));
}

TEST(CheckPlan, AParameterThatOnlyAnExplicitExperimentHasIsAProblem) {
  Study study = sound_study();
  study.experiments = {experiment({{"model", "c"}, {"charge", "1"}, {"chrage", "1"}})};
  EXPECT_EQ(problems_of(study),
            (Strings{"spec.experiments: no axis of spec.sweep has the parameter 'chrage' of "
                     "spec.experiments; did you mean 'charge'?"}));
}

TEST(CheckPlan, GroupsAreParameters) {
  Study study = sound_study();
  study.execution.threshold = FailureThreshold{};
  study.execution.threshold->group_by = {"model", "molecule"};
  EXPECT_EQ(problems_of(study),
            (Strings{"spec.execution.failureThreshold.groupBy[1]: no parameter is called 'molecule'"}));
}

TEST(CheckEnvironmentNames, ParametersThatBecomeOneVariableCollide) {
  Study study;
  study.sweep = {axis("batch-size", {"1"}), axis("batch_size", {"1"})};
  const Result<void> checked = check_environment_names(study);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::Invalid);
  EXPECT_EQ(checked.error().message,
            "spec.sweep: parameters 'batch-size' and 'batch_size' are both STUDY_PARAM_BATCH_SIZE in the "
            "container; "
            "rename one");
}

TEST(CheckEnvironmentNames, AParameterCannotBeAValueAndHoldAnother) {
  Study study;
  study.sweep = {axis("a", {"1"}), axis("a.b", {"1"})};
  EXPECT_FALSE(check_environment_names(study));
}

TEST(CheckEnvironmentNames, AContainerCannotSetWhatEveryAttemptHas) {
  Study study = sound_study();
  study.pod.main.environment = {{"OMP_NUM_THREADS", "1", {}}, {"STUDY_SEED", "1", {}}};
  EXPECT_EQ(problems_of(study),
            (Strings{"spec.template.spec.containers[0].env[1].name: 'STUDY_SEED' is set by studyctl for "
                     "every attempt; choose another name"}));
  study.pod.main.environment = {{"STUDY_PARAM_MODEL", "1", {}}};
  EXPECT_FALSE(check_environment_names(study));
  study.pod.main.environment = {{"STUDY_OTHER", "1", {}}};
  EXPECT_TRUE(check_environment_names(study));
}

TEST(CheckEnvironmentNames, ParamsJsonIsTaken) {
  Study study = sound_study();
  study.files.push_back({"params.json", "{}", ""});
  EXPECT_FALSE(check_environment_names(study));
}

TEST(InputPaths, AreThoseOfAllPointsThatStay) {
  Study study;
  study.sweep = {axis("molecule", {"water", "ethanol", "gone"}), axis("charge", {"0", "1"})};
  study.exclude = {rule({{"molecule", {"gone"}}})};
  study.files = {{"mol.xyz", "", "xyz/${params.molecule}.xyz"}, {"basis", "", "basis.dat"}, {"in", "x", ""}};
  EXPECT_EQ(*input_paths(study, *Plan::make(study)),
            (Strings{"basis.dat", "xyz/ethanol.xyz", "xyz/water.xyz"}));
}

TEST(InputPaths, CannotDependOnWhatIsNotKnownYet) {
  Study study = sound_study();
  study.files = {{"mol.xyz", "", "xyz/${run.seed}.xyz"}};
  const Result<Strings> paths = input_paths(study, *Plan::make(study));
  ASSERT_FALSE(paths);
  EXPECT_TRUE(paths.error().message.starts_with("spec.files.mol.xyz.fromFile: ${run.seed}"))
      << paths.error().message;
}

TEST(ParameterNames, AreThoseOfTheSweepThenThoseOfExplicitExperiments) {
  Study study = sound_study();
  study.experiments = {experiment({{"charge", "1"}, {"extra", "1"}})};
  EXPECT_EQ(parameter_names(study), (Strings{"model", "charge", "extra"}));
}

}  // namespace
}  // namespace studyctl
