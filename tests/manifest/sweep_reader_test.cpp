#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

using Rows = std::vector<std::vector<Value>>;

Value number(const std::string& text) {
  return {Value::Kind::Number, text};
}
Value text(const std::string& text) {
  return {Value::Kind::String, text};
}

TEST(Sweep, KeepsAxesAndValuesInWrittenOrder) {
  const Study study =
      study_of(manifest_with("  sweep:\n    b: [2, 1]\n    a: [x, \"1.10\", true, null, 0.5]\n"));
  ASSERT_EQ(study.sweep.size(), 2u);
  EXPECT_EQ(study.sweep[0].names, std::vector<std::string>{"b"});
  EXPECT_EQ(std::get<Rows>(study.sweep[0].values), (Rows{{number("2")}, {number("1")}}));
  EXPECT_EQ(std::get<Rows>(study.sweep[1].values), (Rows{{text("x")},
                                                         {text("1.10")},
                                                         {{Value::Kind::Boolean, "true"}},
                                                         {{Value::Kind::Null, "null"}},
                                                         {number("0.5")}}));
}

TEST(Sweep, TiesAxesThatMoveTogether) {
  const Study study = study_of(manifest_with("  sweep: {\"precision, bits\": [[fp16, 16], [fp32, 32]]}\n"));
  ASSERT_EQ(study.sweep.size(), 1u);
  EXPECT_EQ(study.sweep[0].names, (std::vector<std::string>{"precision", "bits"}));
  EXPECT_EQ(study.sweep[0].at(1), (std::vector<Value>{text("fp32"), number("32")}));
}

TEST(Sweep, CountsRangesInDecimalsWithBothEnds) {
  const Study study =
      study_of(manifest_with("  sweep:\n    t: {from: \"0.5\", to: \"0.9\", step: \"0.1\"}\n"
                             "    c: {from: 8, to: 2, step: -2}\n    one: {from: 1, to: 1, step: 5}\n"));
  EXPECT_EQ(study.sweep[0].size(), 5u);
  EXPECT_EQ(study.sweep[0].at(2), std::vector<Value>{number("0.7")});
  EXPECT_EQ(study.sweep[0].at(4), std::vector<Value>{number("0.9")});
  EXPECT_EQ(study.sweep[1].size(), 4u);
  EXPECT_EQ(study.sweep[1].at(3), std::vector<Value>{number("2")});
  EXPECT_EQ(study.sweep[2].size(), 1u);
}

TEST(Sweep, WarnsOfARangeThatDoesNotReachItsEnd) {
  const auto manifest = read_manifest(manifest_with("  sweep: {c: {from: 1, to: 10, step: 2}}\n"), "f");
  ASSERT_TRUE(manifest) << manifest.error().message;
  ASSERT_EQ(manifest->warnings.size(), 2u);
  EXPECT_EQ(manifest->warnings[1], "f:5:14: spec.sweep.c: `to` is not reached; the last value is 9");
}

TEST(Sweep, RefusesRangesThatDoNotFit64Bits) {
  const std::string wide =
      "  sweep: {c: {from: \"-999999999999999\", to: 999999999999999, step: \"0.00000000000001\"}}\n";
  EXPECT_NE(problems_of(manifest_with(wide)).find("too many digits together"), std::string::npos);
}

TEST(Sweep, FoldsAValueThatIsThereTwiceAndSaysWhere) {
  const auto manifest = read_manifest(manifest_with("  sweep: {a: [1, 2, 1, \"1\"]}\n"), "f");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->study.sweep[0].size(), 3u);
  EXPECT_EQ(manifest->warnings.at(1), "f:5:21: spec.sweep.a[2]: the same value as at f:5:15; counted once");
}

TEST(Sweep, RefusesMoreThan64Axes) {
  std::string sweep = "  sweep:\n";
  for (int i = 0; i < 64; ++i) sweep += "    a" + std::to_string(i) + ": [1]\n";
  EXPECT_EQ(problems_of(manifest_with(sweep)), "");
  EXPECT_EQ(problems_of(manifest_with(sweep + "    b: [1]\n")),
            "study.yaml:6:5: spec.sweep: has 65 axes; at most 64");
}

TEST(Sweep, RefusesMoreThanAHundredMillionPoints) {
  const std::string range = "{from: 1, to: 10000, step: 1}";
  EXPECT_EQ(problems_of(manifest_with("  sweep: {a: " + range + ", b: " + range + "}\n")), "");
  EXPECT_EQ(problems_of(manifest_with("  sweep: {a: " + range + ", b: " + range + ", c: [1, 2]}\n")),
            "study.yaml:5:10: spec.sweep: makes more than 100,000,000 points; make axes shorter");
  EXPECT_EQ(problems_of(manifest_with("  sweep: {a: " + range + ", b: " + range +
                                      "}\n  experiments: [{a: x, b: x}]\n")),
            "study.yaml:5:10: spec.sweep: makes more than 100,000,000 points; make axes shorter");
  std::string sweep;
  for (int i = 0; i < 64; ++i) sweep += (i ? ", a" : "a") + std::to_string(i) + ": " + range;
  EXPECT_EQ(problems_of(manifest_with("  sweep: {" + sweep + "}\n")),
            "study.yaml:5:10: spec.sweep: makes more than 100,000,000 points; make axes shorter");
}

TEST(Exclude, RefusesMoreThan4096Rules) {
  std::string rules = "{a: 1}";
  for (int i = 1; i < 4096; ++i) rules += ", {a: 1}";
  const std::string begin = "  sweep: {a: [1, 2]}\n  exclude: [";
  EXPECT_EQ(problems_of(manifest_with(begin + rules + "]\n")), "");
  EXPECT_TRUE(problems_of(manifest_with(begin + rules + ", {a: 1}]\n"))
                  .ends_with("spec.exclude: has more than 4096 rules; a list of values means any of them"));
}

TEST(Exclude, KeepsRulesAndWhereTheyStand) {
  const Study study =
      study_of(manifest_with("  sweep: {a: [1, 2], b: [x, z]}\n  exclude:\n    - {a: 1, b: [x, z]}\n"));
  ASSERT_EQ(study.exclude.size(), 1u);
  EXPECT_EQ(study.exclude[0].place, "study.yaml:7:7");
  ASSERT_EQ(study.exclude[0].match.size(), 2u);
  EXPECT_EQ(study.exclude[0].match[0].values, std::vector<Value>{number("1")});
  EXPECT_EQ(study.exclude[0].match[1].values, (std::vector<Value>{text("x"), text("z")}));
}

TEST(Experiments, KeepTheirParametersAndWhereTheyStand) {
  const Study study = study_of(manifest_with("  experiments:\n    - {b: 1, a: \"010\"}\n"));
  ASSERT_EQ(study.experiments.size(), 1u);
  EXPECT_EQ(study.experiments[0].place, "study.yaml:6:7");
  EXPECT_EQ(study.experiments[0].parameters[1], (std::pair<std::string, Value>("a", text("010"))));
}

TEST(Experiments, HaveEveryParameterThatTheOthersHave) {
  EXPECT_EQ(
      problems_of(manifest_with("  experiments: [{a: 1, b: 1, c: 2}, {a: 1}]\n")),
      "study.yaml:5:37: spec.experiments[1]: lacks 'b', 'c'; give it every parameter that the others have");
  EXPECT_EQ(
      problems_of(manifest_with("  sweep: {charge: [0]}\n  experiments: [{charge: 1}, {chrage: 2}]\n")),
      "study.yaml:6:30: spec.experiments[1].chrage: no axis of spec.sweep has this parameter, did you mean "
      "'charge'?\n"
      "study.yaml:6:30: spec.experiments[1]: lacks 'charge'; give it every parameter that the others have");
}

TEST(Experiments, SaySoWhenAValueIsWrongAndNoMore) {
  EXPECT_EQ(problems_of(manifest_with("  experiments: [{a: yes, b: 1}, {a: 1, b: 2}]\n")),
            "study.yaml:5:21: spec.experiments[0].a: yes means something else to kubectl; quote it: \"yes\"");
}

TEST(Parameters, AreThereWhereTheyAreUsed) {
  EXPECT_EQ(
      problems_of(manifest_with("  sweep: {model: [a]}\n  files: {f: \"${params.modle}\"}\n"
                                "  execution: {failureThreshold: {maxFailed: 1, groupBy: [molecule]}}\n")),
      "study.yaml:6:15: spec.files.f: unknown parameter 'modle', did you mean 'model'?\n"
      "study.yaml:7:58: spec.execution.failureThreshold.groupBy[0]: unknown parameter 'molecule'; there is: "
      "model");
}

TEST(SweepReader, AnExcludeRuleHasOperators) {
  using Is = Requirement::Is;
  const Study study =
      study_of(manifest_with("  sweep: {a: [1, 8], m: [x-70b, z]}\n"
                             "  exclude:\n"
                             "    - {a: {gt: 1, le: 8}, m: {matches: '*70b*'}}\n"
                             "    - {m: {ne: z}, a: {notIn: [1, 2]}}\n"));
  ASSERT_EQ(study.exclude.size(), 2u);
  const std::vector<Requirement>& first = study.exclude[0].match;
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0].is, Is::Greater);
  EXPECT_EQ(first[1].is, Is::LessOrEqual);
  EXPECT_EQ(first[1].values, std::vector<Value>{number("8")});
  EXPECT_EQ(first[2].is, Is::Like);
  EXPECT_EQ(study.exclude[1].match[0].is, Is::NotIn);
  EXPECT_EQ(study.exclude[1].match[1].values, (std::vector<Value>{number("1"), number("2")}));
}

TEST(SweepReader, WrongOperatorsAreToldWithTheirPlaces) {
  const auto told = [](const std::string& rule) {
    return problems_of(manifest_with("  sweep: {a: [1, 8]}\n  exclude: [" + rule + "]\n"));
  };
  EXPECT_EQ(
      told("{a: {greater: 1}}"),
      "study.yaml:6:18: spec.exclude[0].a.greater: unknown operator; there are: gt, ge, lt, le, ne, in, "
      "notIn, matches");
  EXPECT_EQ(told("{a: {gt: many}}"), "study.yaml:6:22: spec.exclude[0].a.gt: must be a number, is many");
  EXPECT_EQ(told("{a: {gt: [1, 2]}}"), "study.yaml:6:22: spec.exclude[0].a.gt: wants one value, is a list");
  EXPECT_EQ(
      told("{a: {}}"),
      "study.yaml:6:17: spec.exclude[0].a: is empty; there are: gt, ge, lt, le, ne, in, notIn, matches");
}

TEST(SweepReader, OperatorsAreWrittenAsTheyAreRead) {
  const std::string text = manifest_with(
      "  sweep: {a: [1, 8], m: [x, z]}\n  exclude: [{a: {gt: 1, notIn: [8]}, m: [x, z]}, {m: {matches: "
      "[x*]}}]\n");
  const auto manifest = read_manifest(text, "study.yaml");
  ASSERT_TRUE(manifest);
  const auto again = read_manifest(to_yaml(*manifest), "study.yaml");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(design_json(*again), design_json(*manifest));
  EXPECT_NE(to_yaml(*manifest).find("gt: 1"), std::string::npos) << to_yaml(*manifest);
}

TEST(SweepReader, APrefixIsAValueOfAnotherAxis) {
  const Study study = study_of(manifest_with(
      "  sweep:\n    backend: [pytorch, vllm-0.4]\n    pytorch.batch: [1, 8]\n    vllm-0.4.seqs: [64]\n"
      "    \"pytorch.a, pytorch.b\": [[1, 2]]\n  exclude: [{pytorch.batch: {gt: 1}}]\n"));
  ASSERT_EQ(study.sweep.size(), 4u);
  EXPECT_FALSE(study.sweep[0].scope);
  EXPECT_EQ(study.sweep[1].scope->parameter, "backend");
  EXPECT_EQ(study.sweep[1].scope->value, "pytorch");
  EXPECT_EQ(study.sweep[2].scope->value, "vllm-0.4");
  EXPECT_EQ(study.sweep[3].scope->value, "pytorch");
}

TEST(SweepReader, AScopeThatIsNowhereOrNotClearIsTold) {
  const auto told = [](const std::string& sweep) {
    return problems_of(manifest_with("  sweep: {" + sweep + "}\n"));
  };
  EXPECT_EQ(
      told("backend: [pytorch], pytorhc.batch: [1]"),
      "study.yaml:5:31: spec.sweep.pytorhc.batch: the prefix 'pytorhc' must be a value of another axis, and "
      "no axis has it; did you mean 'pytorch' of 'backend'?");
  EXPECT_EQ(
      told("a: [x, w], b: [x], x.n: [1]"),
      "study.yaml:5:30: spec.sweep.x.n: its scope is not clear: 'x' is a value of 'a', 'x' of 'b'; rename "
      "a value, so that one axis has it");
  EXPECT_EQ(
      told("a: [x, w], \"x.n, w.n\": [[1, 2]]"),
      "study.yaml:5:22: spec.sweep.x.n, w.n: its names have different scopes, 'x' and 'w'; make two axes "
      "of it");
  EXPECT_NE(told("p.a: [q], q.b: [p]").find("its scope leads back to itself by 'q.b'"), std::string::npos);
  EXPECT_NE(told("a: [x], x.: [1]").find("cannot name a parameter"), std::string::npos);
}

TEST(SweepReader, AnExplicitExperimentHasTheParametersOfItsBranch) {
  const std::string sweep = "  sweep: {backend: [pytorch, vllm], pytorch.batch: [1], vllm.seqs: [64]}\n";
  const auto told = [&](const std::string& point) {
    return problems_of(manifest_with(sweep + "  experiments: [" + point + "]\n"));
  };
  EXPECT_EQ(told("{backend: pytorch, pytorch.batch: 3}"), "");
  EXPECT_EQ(told("{backend: jax}"), "");
  EXPECT_EQ(
      told("{backend: pytorch}"),
      "study.yaml:6:17: spec.experiments[0]: lacks 'pytorch.batch'; give it every parameter that the others "
      "have");
  EXPECT_EQ(told("{backend: pytorch, pytorch.batch: 1, vllm.seqs: 64}"),
            "study.yaml:6:17: spec.experiments[0].vllm.seqs: is there only where backend is vllm; remove it");
}

TEST(SweepReader, TypesAreCheckedForEveryValue) {
  const auto told = [](const std::string& type, const std::string& values) {
    return problems_of(manifest_with("  parameters: {a: {" + type + "}}\n  sweep: {a: " + values + "}\n"));
  };
  EXPECT_EQ(told("enum: [x, w]", "[x, w]"), "");
  EXPECT_EQ(told("enum: [x, w]", "[x, z]"), "study.yaml:6:18: spec.sweep.a[1]: must be one of x, w, is z");
  EXPECT_EQ(told("type: integer", "[1, 2.5]"),
            "study.yaml:6:18: spec.sweep.a[1]: must be of type integer, is 2.5");
  EXPECT_EQ(told("type: integer", "[\"1\"]"),
            "study.yaml:6:15: spec.sweep.a[0]: must be of type integer, is 1 in quotes");
  EXPECT_EQ(told("type: string", "[1]"),
            "study.yaml:6:15: spec.sweep.a[0]: must be of type string, is 1; quote it");
  EXPECT_EQ(told("type: integer, minimum: 1, maximum: 8", "[0, 4, 9]"),
            "study.yaml:6:15: spec.sweep.a[0]: must be at least 1, is 0\n"
            "study.yaml:6:21: spec.sweep.a[2]: must be at most 8, is 9");
  EXPECT_EQ(told("pattern: '[a-z]+'", "[ab, a1]"),
            "study.yaml:6:19: spec.sweep.a[1]: must match [a-z]+, is a1");
  EXPECT_NE(
      told("type: number, maximum: 2", "{from: 0, to: 9, step: 1}").find("[3]: must be at most 2, is 3"),
      std::string::npos);
  EXPECT_NE(told("type: integer, minimum: 3, maximum: 2", "[1]").find("is less than the minimum"),
            std::string::npos);
}

TEST(SweepReader, TypesAreCheckedForExplicitExperiments) {
  EXPECT_EQ(problems_of(manifest_with(
                "  parameters: {a: {type: boolean}}\n  experiments: [{a: true}, {a: maybe}]\n")),
            "study.yaml:6:28: spec.experiments[1].a: must be of type boolean, is maybe");
}

TEST(SweepReader, TypesAreWrittenAsTheyAreRead) {
  const auto manifest = read_manifest(
      manifest_with(
          "  parameters: {a: {type: integer, minimum: 1, maximum: \"8\"}, b: {enum: [x, 1], pattern: x*1*}}\n"
          "  sweep: {a: [1], b: [x]}\n"),
      "study.yaml");
  ASSERT_TRUE(manifest) << manifest.error().message;
  const auto again = read_manifest(to_yaml(*manifest), "study.yaml");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_yaml(*again), to_yaml(*manifest));
  EXPECT_NE(to_yaml(*manifest).find("maximum: \"8\""), std::string::npos) << to_yaml(*manifest);
}

TEST(SweepReader, AParameterWithADefaultIsDeclaredOrSwept) {
  const auto told = [](const std::string& parameters) {
    return problems_of("apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: s}\nspec:\n" +
                       parameters + "  template: {spec: {containers: [{image: \"a:${params.tag:-1}\"}]}}\n");
  };
  EXPECT_EQ(told("  parameters: {tag: {}}\n"), "");
  EXPECT_NE(told("").find("unknown parameter 'tag'"), std::string::npos);
}

}  // namespace
}  // namespace studyctl
