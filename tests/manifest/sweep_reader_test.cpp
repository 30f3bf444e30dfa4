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

}  // namespace
}  // namespace studyctl
