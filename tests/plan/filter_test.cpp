#include "plan/filter.h"

#include <gtest/gtest.h>

#include "plan/study_builder.h"

namespace studyctl {
namespace {

const Point& water() {
  static const Point point{
      {{"molecule", text("water")}, {"charge", number("0")}, {"in", text("a, (b)")}, {"empty", text("")}}};
  return point;
}

bool selects(std::string_view selector) {
  const Result<Selector> parsed = Selector::parse(selector);
  EXPECT_TRUE(parsed) << selector << ": " << (parsed ? "" : parsed.error().message);
  return parsed && parsed->matches(water());
}

TEST(Selector, ComparesByLiteralText) {
  EXPECT_TRUE(selects("molecule=water"));
  EXPECT_TRUE(selects("molecule==water"));
  EXPECT_TRUE(selects("charge=0"));
  EXPECT_FALSE(selects("charge=0.0"));
  EXPECT_FALSE(selects("molecule!=water"));
  EXPECT_TRUE(selects("charge!=1"));
}

TEST(Selector, AllRequirementsMustHold) {
  EXPECT_TRUE(selects("molecule=water,charge!=1"));
  EXPECT_FALSE(selects("molecule=water,charge!=0"));
  EXPECT_TRUE(selects(" molecule = water , charge in (0, 1) "));
  EXPECT_TRUE(selects(""));
}

TEST(Selector, KnowsSets) {
  EXPECT_TRUE(selects("molecule in (ethanol, water)"));
  EXPECT_FALSE(selects("molecule in (ethanol)"));
  EXPECT_FALSE(selects("molecule notin (ethanol, water)"));
  EXPECT_TRUE(selects("molecule notin (ethanol)"));
}

TEST(Selector, AsksWhetherAParameterIsThere) {
  EXPECT_TRUE(selects("molecule"));
  EXPECT_FALSE(selects("!molecule"));
  EXPECT_TRUE(selects("!solvent,charge"));
}

TEST(Selector, NegationsHoldForAParameterThatIsNotThere) {
  EXPECT_TRUE(selects("solvent!=water"));
  EXPECT_TRUE(selects("solvent notin (water)"));
  EXPECT_FALSE(selects("solvent=water"));
}

TEST(Selector, ComparesNumbers) {
  EXPECT_TRUE(selects("charge>-1"));
  EXPECT_TRUE(selects("charge >= 0.0, charge<=0, charge < 1e3"));
  EXPECT_FALSE(selects("charge>0"));
  EXPECT_FALSE(selects("molecule>0"));
  EXPECT_FALSE(selects("mass>0"));
}

TEST(Selector, MatchesGlobs) {
  EXPECT_TRUE(selects("molecule~w*r"));
  EXPECT_TRUE(selects("molecule~'w?te?'"));
  EXPECT_FALSE(selects("molecule~wat"));
  EXPECT_TRUE(selects("molecule!~*eth*,solvent!~*"));
}

TEST(Selector, WantsANumberToCompareWith) {
  EXPECT_FALSE(Selector::parse("charge>many"));
  EXPECT_FALSE(Selector::parse("charge>"));
  EXPECT_TRUE(Selector::parse("charge>many").error().message.find("a number behind >") != std::string::npos);
}

TEST(Selector, QuotesHoldAnything) {
  EXPECT_TRUE(selects("in=\"a, (b)\""));
  EXPECT_TRUE(selects("in in (\"x\\\"y\", \"a, (b)\")"));
  EXPECT_TRUE(selects("empty="));
  EXPECT_TRUE(selects("empty=\"\""));
}

TEST(Selector, SaysWhatIsWrong) {
  for (const char* wrong : {"=x", "a in", "a in (b", "a in b", ",", "a=b,", "a=b c=d", "a b", "a=\"x", "!",
                            "a=b,,c=d", "a=(b)"}) {
    const Result<Selector> parsed = Selector::parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, ErrorCode::Invalid);
    EXPECT_NE(parsed.error().message.find("is wanted"), std::string::npos);
  }
}

TEST(Selector, TellsTheNamesItAsksAbout) {
  EXPECT_EQ(Selector::parse("molecule=water,!solvent,index in (1)")->names(),
            (std::vector<std::string>{"molecule", "solvent", "index"}));
}

}  // namespace
}  // namespace studyctl
