#include "plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "plan/study_builder.h"

namespace studyctl {
namespace {

// "water b3lyp 0": the values of a point.
std::string written(const Point& point) {
  std::string text;
  for (const auto& [name, value] : point.parameters) text += (text.empty() ? "" : " ") + value.text;
  return text;
}

std::vector<std::string> written(const Plan& plan) {
  std::vector<std::string> points;
  for (uint64_t index = 0; index < plan.size(); ++index) points.push_back(written(plan.at(index)));
  return points;
}

using Strings = std::vector<std::string>;

TEST(Plan, TheFirstAxisVariesSlowest) {
  Study study;
  study.sweep = {axis("molecule", {"water", "ethanol"}), axis("charge", {"0", "1"})};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(written(plan), (Strings{"water 0", "water 1", "ethanol 0", "ethanol 1"}));
  EXPECT_EQ(plan.at(0).parameters[0].first, "molecule");
  EXPECT_EQ(plan.raw_size(), 4u);
  EXPECT_TRUE(plan.warnings().empty());
}

TEST(Plan, AxesThatMoveTogetherAreOneAxis) {
  Study study;
  study.sweep = {axis("model", {"a", "b"}), tied({"precision", "bits"}, {{"fp16", "16"}, {"fp32", "32"}})};
  EXPECT_EQ(written(*Plan::make(study)), (Strings{"a fp16 16", "a fp32 32", "b fp16 16", "b fp32 32"}));
}

TEST(Plan, ARangeIsAnAxisOfNumbers) {
  Study study;
  study.sweep = {{{"temperature"}, Range{5, 2, 1, 3}}};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(written(plan), (Strings{"0.5", "0.7", "0.9"}));
  EXPECT_EQ(plan.at(0).find("temperature")->kind, Value::Kind::Number);
}

TEST(Plan, WithoutSweepAndExperimentsIsOneExperimentWithoutParameters) {
  const Study study;
  const Plan plan = *Plan::make(study);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_TRUE(plan.at(0).parameters.empty());
}

TEST(Plan, ExplicitExperimentsAreAddedToNothing) {
  Study study;
  study.experiments = {experiment({{"model", "tiny"}}, "study.yaml:5:7")};
  EXPECT_EQ(written(*Plan::make(study)), (Strings{"tiny"}));
}

TEST(Plan, AnExcludedPointMatchesEveryKeyOfARule) {
  Study study;
  study.sweep = {axis("model", {"a", "b", "c"}), axis("precision", {"fp16", "fp32"})};
  study.exclude = {rule({{"precision", {"fp32"}}, {"model", {"a", "c"}}}, "study.yaml:9:7")};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(written(plan), (Strings{"a fp16", "b fp16", "b fp32", "c fp16"}));
  ASSERT_EQ(plan.exclusions().size(), 1u);
  EXPECT_EQ(plan.exclusions()[0].points, 2u);
  EXPECT_EQ(plan.exclusions()[0].rule->place, "study.yaml:9:7");
  EXPECT_EQ(plan.raw_size(), 6u);
}

TEST(Plan, ARuleMatchesByLiteralText) {
  Study study;
  study.sweep = {{{"x"}, Range{0, 25, 2, 5}}};  // 0 0.25 0.5 0.75 1
  study.exclude = {rule({{"x", {"0.5", "1.0", "0.250", "2"}}})};
  EXPECT_EQ(written(*Plan::make(study)), (Strings{"0", "0.25", "0.75", "1"}));
}

TEST(Plan, ARuleComparesNumbersOfListsAndRanges) {
  using Is = Requirement::Is;
  Study study;
  study.sweep = {axis("batch", {"1", "8", "32", "auto"}), {{"t"}, Range{5, 1, 1, 5}}};
  study.exclude = {{{{"batch", Is::Greater, texts({"8"})}}, "study.yaml:1:1"},
                   {{{"t", Is::GreaterOrEqual, texts({"0.7"})}, {"batch", Is::NotIn, texts({"1"})}}, ""},
                   {{{"t", Is::Less, texts({"0.6"})}, {"t", Is::Greater, texts({"0.49"})}}, ""},
                   {{{"batch", Is::Like, texts({"au*"})}}, ""}};
  EXPECT_EQ(written(*Plan::make(study)), (Strings{"1 0.6", "1 0.7", "1 0.8", "1 0.9", "8 0.6"}));
}

Axis scoped(Axis axis, std::string parameter, std::string value) {
  axis.scope = Scope{std::move(parameter), std::move(value)};
  return axis;
}

// backend: [pytorch, vllm], each with an axis of its own.
Study backends() {
  Study study;
  study.sweep = {axis("backend", {"pytorch", "vllm"}),
                 scoped(axis("pytorch.batch", {"1", "8", "32"}), "backend", "pytorch"),
                 scoped(axis("vllm.seqs", {"64", "256"}), "backend", "vllm"), axis("t", {"0", "1"})};
  return study;
}

TEST(Plan, EachBranchHasItsOwnGrid) {
  const Study study = backends();
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(written(plan),
            (Strings{"pytorch 1 0", "pytorch 1 1", "pytorch 8 0", "pytorch 8 1", "pytorch 32 0",
                     "pytorch 32 1", "vllm 64 0", "vllm 64 1", "vllm 256 0", "vllm 256 1"}));
  EXPECT_EQ(plan.value(0, "pytorch.batch").text, "1");
  EXPECT_EQ(plan.value(0, "vllm.seqs").kind, Value::Kind::Null);
  EXPECT_EQ(plan.at(9).find("pytorch.batch"), nullptr);
  EXPECT_EQ(plan.raw_size(), 10u);
}

TEST(Plan, AScopedAxisMayBeWrittenBeforeTheOneItDependsOn) {
  Study study = backends();
  std::swap(study.sweep[0], study.sweep[2]);
  EXPECT_EQ(written(*Plan::make(study)).size(), 10u);
}

TEST(Plan, ScopesNest) {
  Study study = backends();
  study.sweep.push_back(scoped(axis("8.amp", {"on", "off"}), "pytorch.batch", "8"));
  EXPECT_EQ(Plan::make(study)->size(), 12u);
}

TEST(Plan, ARuleOnAScopedParameterLeavesTheOtherBranchesAlone) {
  Study study = backends();
  study.exclude = {rule({{"pytorch.batch", {"8", "32"}}}),
                   {{{"vllm.seqs", Requirement::Is::NotIn, texts({"64"})}}, "study.yaml:2:2"}};
  EXPECT_EQ(written(*Plan::make(study)), (Strings{"pytorch 1 0", "pytorch 1 1", "vllm 64 0", "vllm 64 1"}));
}

TEST(Plan, ARuleOverTwoBranchesMatchesNothingAndIsAWarning) {
  Study study = backends();
  study.exclude = {rule({{"pytorch.batch", {"8"}}, {"vllm.seqs", {"64"}}}, "study.yaml:9:7")};
  EXPECT_EQ(Plan::make(study)->warnings(),
            Strings{"study.yaml:9:7: this exclude rule matches nothing: no point has all these parameters"});
}

TEST(Plan, ARuleThatOthersLeaveNothingIsNoWarning) {
  Study study = backends();
  study.exclude = {rule({{"backend", {"vllm"}}}), rule({{"vllm.seqs", {"64"}}})};
  EXPECT_TRUE(Plan::make(study)->warnings().empty());
}

TEST(Plan, AnExplicitExperimentIsFoundInItsBranch) {
  Study study = backends();
  study.experiments = {experiment({{"backend", "vllm"}, {"vllm.seqs", "64"}, {"t", "1"}}, "study.yaml:7:5"),
                       experiment({{"backend", "vllm"}, {"vllm.seqs", "8"}, {"t", "1"}}, "study.yaml:8:5")};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(plan.size(), 11u);
  EXPECT_EQ(plan.warnings(),
            Strings{"study.yaml:7:5: this experiment is in the sweep already, as number 8, and "
                    "is left out"});
}

TEST(Plan, TooManyPointsOfBranchesAreRefused) {
  Study study = backends();
  study.sweep.push_back({{"x"}, Range{0, 1, 0, 20'000'000}});
  EXPECT_EQ(Plan::make(study).error().message,
            "spec.sweep: makes more than 100,000,000 points; make axes shorter");
}

TEST(Plan, ARuleOnBothNamesOfATiedAxisWantsBothInOneRow) {
  Study study;
  study.sweep = {tied({"a", "b"}, {{"1", "1"}, {"1", "2"}, {"2", "1"}})};
  study.exclude = {rule({{"a", {"1"}}, {"b", {"2"}}})};
  EXPECT_EQ(written(*Plan::make(study)), (Strings{"1 1", "2 1"}));
}

TEST(Plan, APointCountsForTheFirstRuleThatMatches) {
  Study study;
  study.sweep = {axis("x", {"1", "2"}), axis("y", {"1", "2"})};
  study.exclude = {rule({{"y", {"1"}}}), rule({{"x", {"1"}}})};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(plan.exclusions()[0].points, 2u);
  EXPECT_EQ(plan.exclusions()[1].points, 1u);
}

TEST(Plan, ARuleThatMatchesNothingIsAWarning) {
  Study study;
  study.sweep = {axis("x", {"1", "2"}), axis("y", {"1"})};
  study.exclude = {rule({{"x", {"3"}}}, "study.yaml:8:7"),
                   rule({{"x", {"1"}}, {"z", {"1"}}}, "study.yaml:9:7")};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan.warnings(),
            (Strings{"study.yaml:8:7: this exclude rule matches nothing: the sweep has no such value of 'x'",
                     "study.yaml:9:7: this exclude rule matches nothing: the sweep has no parameter 'z'"}));
}

TEST(Plan, ANumberAndTheSameTextAreTwoValues) {
  Study study;
  study.sweep = {
      {{"x"}, std::vector<std::vector<Value>>{{{Value::Kind::Number, "1"}}, {{Value::Kind::String, "1"}}}}};
  EXPECT_EQ(Plan::make(study)->size(), 2u);
}

TEST(Plan, AnExplicitExperimentThatIsInTheSweepIsFoldedWithAWarning) {
  Study study;
  study.sweep = {axis("model", {"a", "b"}), {{"x"}, Range{0, 1, 0, 3}}};
  ExplicitPoint same = experiment({{"x", "2"}, {"model", "b"}}, "study.yaml:7:5");
  same.parameters[0].second.kind = Value::Kind::Number;
  study.experiments = {same, experiment({{"model", "b"}, {"x", "2"}}, "study.yaml:8:5")};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(plan.size(), 7u);
  ASSERT_EQ(plan.warnings().size(), 1u);
  EXPECT_TRUE(plan.warnings()[0].starts_with("study.yaml:7:5: this experiment is in the sweep already"));
}

TEST(Plan, ARepeatedExplicitExperimentIsFoldedWithAWarningThatNamesBoth) {
  Study study;
  study.experiments = {experiment({{"a", "1"}, {"b", "2"}}, "study.yaml:7:5"),
                       experiment({{"b", "2"}, {"a", "1"}}, "study.yaml:8:5")};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan.warnings(),
            (Strings{"study.yaml:8:5: this experiment repeats the one at study.yaml:7:5 and is left out"}));
}

TEST(Plan, ExcludeTakesNothingFromTheExplicitExperiments) {
  Study study;
  study.sweep = {axis("x", {"1", "2"})};
  study.exclude = {rule({{"x", {"1", "3"}}}, "study.yaml:4:5")};
  study.experiments = {experiment({{"x", "1"}}, "study.yaml:7:5"),
                       experiment({{"x", "3"}}, "study.yaml:8:5")};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(written(plan), (Strings{"2", "1", "3"}));
  ASSERT_EQ(plan.warnings().size(), 2u);
  EXPECT_NE(plan.warnings()[0].find("study.yaml:4:5"), std::string::npos);
  EXPECT_NE(plan.warnings()[0].find("stays"), std::string::npos);
}

TEST(Plan, ValueIsTheParameterOfThePoint) {
  Study study;
  study.sweep = {axis("x", {"1", "2"}), tied({"y", "z"}, {{"a", "b"}, {"c", "d"}})};
  study.experiments = {experiment({{"x", "9"}, {"y", "e"}, {"z", "f"}})};
  const Plan plan = *Plan::make(study);
  ASSERT_EQ(plan.size(), 5u);
  for (uint64_t index = 0; index < plan.size(); ++index) {
    for (const auto& [name, value] : plan.at(index).parameters) EXPECT_EQ(plan.value(index, name), value);
    EXPECT_EQ(plan.value(index, "unknown").kind, Value::Kind::Null);
  }
}

TEST(Plan, EverythingExcludedIsInvalid) {
  Study study;
  study.sweep = {axis("x", {"1", "2"})};
  study.exclude = {rule({{"x", {"1", "2"}}})};
  const Result<Plan> plan = Plan::make(study);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::Invalid);
  EXPECT_EQ(
      plan.error().message,
      "study.yaml:1:1: spec.exclude: the plan is empty: all 2 points of the sweep are excluded; loosen a "
      "rule");
}

TEST(Plan, OnlyTheFirstHundredWarningsAreKept) {
  Study study;
  study.experiments.assign(1000, experiment({{"x", "1"}}));
  EXPECT_EQ(Plan::make(study)->warnings().size(), 100u);
}

// What the plan says it is, done the slow way.
std::vector<std::string> expanded(const Study& study) {
  std::vector<std::vector<std::pair<std::string, Value>>> points = {{}};
  for (const Axis& axis : study.sweep) {
    std::vector<std::vector<std::pair<std::string, Value>>> longer;
    for (const auto& point : points) {
      for (uint64_t row = 0; row < axis.size(); ++row) {
        longer.push_back(point);
        for (size_t name = 0; name < axis.names.size(); ++name) {
          longer.back().emplace_back(axis.names[name], axis.at(row)[name]);
        }
      }
    }
    points = longer;
  }
  if (study.sweep.empty() && !study.experiments.empty()) points.clear();
  std::erase_if(points, [&](const auto& parameters) {
    const Point point{parameters};
    return std::any_of(study.exclude.begin(), study.exclude.end(), [&](const ExcludeRule& rule) {
      return std::all_of(rule.match.begin(), rule.match.end(), [&](const auto& key) {
        const Value* value = point.find(key.name);
        return value != nullptr &&
               std::any_of(key.values.begin(), key.values.end(),
                           [&](const Value& listed) { return listed.text == value->text; });
      });
    });
  });
  for (const ExplicitPoint& point : study.experiments) points.push_back(point.parameters);
  std::vector<std::string> result;
  std::set<std::vector<std::pair<std::string, Value>>> seen;
  for (auto parameters : points) {
    const std::string text = written(Point{parameters});
    std::sort(parameters.begin(), parameters.end());
    if (seen.insert(parameters).second) result.push_back(text);
  }
  return result;
}

TEST(Plan, RandomStudiesAreAsExpandedByHand) {
  std::mt19937 random(42);
  const auto below = [&random](int bound) {
    return std::uniform_int_distribution<int>(0, bound - 1)(random);
  };
  const auto values = [&](int most) {
    std::set<std::string> texts;
    for (int count = 1 + below(most); count > 0; --count) texts.insert(std::to_string(below(5)));
    return Strings(texts.rbegin(), texts.rend());
  };
  int empty = 0;
  for (int round = 0; round < 500; ++round) {
    Study study;
    Strings names;
    for (int axes = below(5); axes > 0; --axes) {
      names.push_back("p" + std::to_string(names.size()));
      if (below(4) == 0) {
        study.sweep.push_back(
            {{names.back()}, Range{below(3), 1 + below(2), 0, static_cast<uint64_t>(1 + below(4))}});
      } else if (below(3) == 0) {
        names.push_back("p" + std::to_string(names.size()));
        std::set<Strings> rows;
        for (int count = 1 + below(4); count > 0; --count) {
          rows.insert({std::to_string(below(3)), std::to_string(below(3))});
        }
        study.sweep.push_back(tied({names[names.size() - 2], names.back()}, {rows.rbegin(), rows.rend()}));
      } else {
        study.sweep.push_back(axis(names.back(), values(5)));
      }
    }
    for (int rules = names.empty() ? 0 : below(5); rules > 0; --rules) {
      ExcludeRule next =
          rule({{names[static_cast<size_t>(below(static_cast<int>(names.size())))], values(3)}});
      if (names.size() > 1 && names[0] != next.match[0].name && below(2) == 0) {
        next.match.push_back(rule({{names[0], values(3)}}).match[0]);
      }
      study.exclude.push_back(next);
    }
    for (int points = below(4); points > 0; --points) {
      ExplicitPoint point;
      for (const std::string& name : names) {
        const auto kind = below(2) == 0 ? Value::Kind::Number : Value::Kind::String;
        point.parameters.push_back({name, {kind, std::to_string(below(4))}});
      }
      if (below(2) == 0) std::reverse(point.parameters.begin(), point.parameters.end());
      if (!names.empty()) study.experiments.push_back(point);
    }
    SCOPED_TRACE("round " + std::to_string(round));
    const Strings wanted = expanded(study);
    const Result<Plan> plan = Plan::make(study);
    ASSERT_EQ(static_cast<bool>(plan), !wanted.empty());
    if (plan) {
      ASSERT_EQ(written(*plan), wanted);
    } else {
      ++empty;
    }
  }
  EXPECT_LT(empty, 100);
}

}  // namespace
}  // namespace studyctl
