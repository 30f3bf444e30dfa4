#include "plan/comparison.h"

#include <gtest/gtest.h>

#include <map>

#include "plan/study_builder.h"

namespace studyctl {
namespace {

// Two designs and what compare() says of them.
struct Compared {
  Compared(const Study& before, const Study& after) {
    const Inputs inputs;
    const Result<Plan> was = Plan::make(before), is = Plan::make(after);
    const Identifier left(before, inputs), right(after, inputs);
    difference = compare({*was, left}, {*is, right}, [&](Change change, uint64_t, const Point& point) {
      told[canonical_parameters(point)] += sign_of(change);
    });
    counted = compare({*was, left}, {*is, right});
  }

  PlanDifference difference, counted;
  std::map<std::string, std::string> told;
};

Study study_of(const std::vector<std::string>& molecules, const std::string& image = "a:1") {
  Study study;
  study.sweep.push_back(axis("molecule", molecules));
  study.pod.main.image = image;
  study.pod.main.command = {"run", "${params.molecule}"};
  return study;
}

using Told = std::map<std::string, std::string>;

TEST(Comparison, TellsWhatIsNewSameAndDropped) {
  const Compared compared(study_of({"water", "ethanol"}), study_of({"benzene", "water"}));
  EXPECT_EQ(compared.told, (Told{{R"({"molecule":"benzene"})", "+"},
                                 {R"({"molecule":"ethanol"})", "-"},
                                 {R"({"molecule":"water"})", "="}}));
  EXPECT_FALSE(compared.difference.none());
}

TEST(Comparison, AnExperimentThatExecutesSomethingElseHasChanged) {
  const Compared compared(study_of({"water", "ethanol"}), study_of({"water"}, "a:2"));
  EXPECT_EQ(compared.told, (Told{{R"({"molecule":"ethanol"})", "-"}, {R"({"molecule":"water"})", "~"}}));
}

TEST(Comparison, TheSameExperimentsInAnotherOrderAreNoDifference) {
  const Compared compared(study_of({"water", "ethanol"}), study_of({"ethanol", "water"}));
  EXPECT_TRUE(compared.difference.none());
}

TEST(Comparison, CountsTheSameWhenNobodyListens) {
  const Compared compared(study_of({"a", "b", "c"}), study_of({"b", "c", "d", "e"}));
  for (const Change change : {Change::Added, Change::Same, Change::Changed, Change::Dropped})
    EXPECT_EQ(compared.counted.count(change), compared.difference.count(change));
}

TEST(IdentityIndex, FindsAnExperimentByItsIdentity) {
  const Study study = study_of({"water", "ethanol", "benzene"});
  const Inputs inputs;
  const Result<Plan> plan = Plan::make(study);
  const Identifier identifier(study, inputs);
  const IdentityIndex index({*plan, identifier});
  EXPECT_EQ(index.find(identifier.of(plan->at(2)).identity), 2u);
  EXPECT_EQ(index.find(std::string(64, '0')), std::nullopt);
  EXPECT_EQ(index.find("no identity"), std::nullopt);
}

}  // namespace
}  // namespace studyctl
