#include "model/substitution.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  const auto found = substitutions_in(text);
  EXPECT_TRUE(found);
  if (!found) return names;
  for (const Substitution& one : *found) names.push_back(one.name);
  return names;
}

TEST(Substitutions, AreNamesWithADot) {
  EXPECT_EQ(names_in("a ${params.x}${run.seed} ${params.a-b}"),
            (std::vector<std::string>{"params.x", "run.seed", "params.a-b"}));
}

TEST(Substitutions, HaveADefault) {
  const auto found = substitutions_in("${params.x:-a:-b}${params.y:-} ${params.z}");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->at(0).name, "params.x");
  EXPECT_EQ(found->at(0).fallback, "a:-b");
  EXPECT_EQ(found->at(1).fallback, "");
  EXPECT_EQ(found->at(2).fallback, std::nullopt);
}

TEST(Substitutions, AreNotWhatAShellSubstitutes) {
  EXPECT_TRUE(names_in("${HOME} $HOME ${x%.txt} ${x:-a.b} ${} ${.a} $(x.y)").empty());
}

TEST(Substitutions, AreEscapedWithTwoDollars) {
  EXPECT_TRUE(names_in("$${params.x}").empty());
}

TEST(Substitutions, KnowTheirPlace) {
  const auto found = substitutions_in("ab${run.id}c");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->at(0).offset, 2u);
  EXPECT_EQ(found->at(0).size, 9u);
}

TEST(Substitutions, AreClosed) {
  EXPECT_FALSE(substitutions_in("${params.x"));
  EXPECT_FALSE(substitutions_in("${params.x\n}"));
}

}  // namespace
}  // namespace studyctl
