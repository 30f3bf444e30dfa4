#include "model/requirement.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using Is = Requirement::Is;

Requirement requirement(Is is, const std::vector<std::string>& texts) {
  Requirement result{"x", is, {}, false};
  for (const std::string& text : texts) result.values.push_back({Value::Kind::String, text});
  return result;
}

bool holds(Is is, const std::vector<std::string>& texts, const std::string& value) {
  const Value given{Value::Kind::String, value};
  return requirement(is, texts).holds(&given);
}

TEST(Requirement, SetsCompareLiteralText) {
  EXPECT_TRUE(holds(Is::In, {"a", "b"}, "b"));
  EXPECT_FALSE(holds(Is::In, {"1.0"}, "1"));
  EXPECT_TRUE(holds(Is::NotIn, {"a", "b"}, "c"));
  EXPECT_FALSE(holds(Is::NotIn, {"a", "b"}, "a"));
}

TEST(Requirement, ComparisonsAreOfNumbers) {
  EXPECT_TRUE(holds(Is::Greater, {"8"}, "32"));
  EXPECT_FALSE(holds(Is::Greater, {"8"}, "8"));
  EXPECT_TRUE(holds(Is::GreaterOrEqual, {"8"}, "8.0"));
  EXPECT_TRUE(holds(Is::Less, {"8"}, "-9"));
  EXPECT_TRUE(holds(Is::LessOrEqual, {"0.3"}, "0.3"));
  EXPECT_FALSE(holds(Is::LessOrEqual, {"0.3"}, "0.30000000000000001"));
}

TEST(Requirement, ATextIsNeitherMoreNorLessThanANumber) {
  for (const Is is : {Is::Greater, Is::GreaterOrEqual, Is::Less, Is::LessOrEqual}) {
    EXPECT_FALSE(holds(is, {"8"}, "many"));
    EXPECT_FALSE(holds(is, {"8"}, "nan"));
  }
}

TEST(Requirement, GlobsMatchTheWholeText) {
  EXPECT_TRUE(holds(Is::Like, {"*70b*"}, "llama-70b-chat"));
  EXPECT_FALSE(holds(Is::Like, {"70b"}, "llama-70b"));
  EXPECT_TRUE(holds(Is::Like, {"qwen*", "llama-?b"}, "llama-7b"));
  EXPECT_FALSE(holds(Is::NotLike, {"*70b*"}, "llama-70b-chat"));
}

TEST(Requirement, WhatIsNotThereMeetsItOnlyWhereThatIsSaid) {
  Requirement is_not = requirement(Is::NotIn, {"a"});
  EXPECT_FALSE(is_not.holds(nullptr));
  is_not.holds_without = true;
  EXPECT_TRUE(is_not.holds(nullptr));
}

TEST(Requirement, ReadsAsASelectorDoes) {
  EXPECT_EQ(text_of(requirement(Is::In, {"a"})), "x=a");
  EXPECT_EQ(text_of(requirement(Is::In, {"a", "b, c"})), "x in (a, \"b, c\")");
  EXPECT_EQ(text_of(requirement(Is::NotIn, {"a", "b"})), "x notin (a, b)");
  EXPECT_EQ(text_of(requirement(Is::GreaterOrEqual, {"8"})), "x>=8");
  EXPECT_EQ(text_of(requirement(Is::Like, {"*70b*"})), "x~*70b*");
  EXPECT_EQ(text_of(requirement(Is::NotIn, {})), "x");
  EXPECT_EQ(text_of(requirement(Is::In, {})), "!x");
}

}  // namespace
}  // namespace studyctl
