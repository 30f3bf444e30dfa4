#include "plan/plan_values.h"

#include <gtest/gtest.h>

#include "plan/study_builder.h"

namespace studyctl {
namespace {

using Strings = std::vector<std::string>;

TEST(InputPaths, AreThoseOfAllPointsThatStay) {
  Study study;
  study.sweep = {axis("molecule", {"water", "ethanol", "gone"}), axis("charge", {"0", "1"})};
  study.exclude = {rule({{"molecule", {"gone"}}})};
  study.files = {{"mol.xyz", "", "xyz/${params.molecule}.xyz"}, {"basis", "", "basis.dat"}, {"in", "x", ""}};
  Strings paths;
  for (const auto& [path, file] : input_paths(study, *Plan::make(study)))
    paths.push_back(path + " " + file->path);
  EXPECT_EQ(paths, (Strings{"basis.dat basis", "xyz/ethanol.xyz mol.xyz", "xyz/water.xyz mol.xyz"}));
}

TEST(ValuesOf, AreAllThatATextBecomesOverThePlan) {
  Study study;
  study.sweep = {axis("backend", {"a", "b"}), axis("n", {"1", "2", "3"})};
  const Plan plan = *Plan::make(study);
  EXPECT_EQ(values_of(plan, "acme/${params.backend}:1"), (std::set<std::string>{"acme/a:1", "acme/b:1"}));
  EXPECT_EQ(values_of(plan, "acme/x"), (std::set<std::string>{"acme/x"}));
}

}  // namespace
}  // namespace studyctl
