#include "store/harvest/value_fold.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace studyctl {
namespace {

ValueFold folded(Take take, const std::vector<std::string>& texts) {
  ValueFold fold(take);
  for (const std::string& text : texts) fold.add(std::string_view(text));
  return fold;
}

TEST(ParseNumber, ReadsWhatProgramsPrint) {
  EXPECT_EQ(parse_number("-76.0267"), -76.0267);
  EXPECT_EQ(parse_number(" 1.5e3 "), 1500);
  EXPECT_EQ(parse_number("+2"), 2);
  EXPECT_EQ(parse_number("1.0D+05"), 100000);
  EXPECT_EQ(parse_number("-2.5d-1"), -0.25);
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("5."), 5);
  EXPECT_EQ(parse_number("1e-400"), 0);
}

TEST(ParseNumber, RefusesWhatIsNotAFiniteNumber) {
  for (const char* text :
       {"",     " ",   "NaN", "-nan",  "inf",    "-Inf", "infinity", "*****", "1,5",  "1.5 eV",
        "0x10", "--1", "+-1", "1e999", "-1e999", "d5",   "e5",       "1e",    "true", "1.5.2"})
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(ValueFold, TakesEachOfTheSeven) {
  const std::vector<std::string> texts = {"3", "1", "4", "1.5"};
  EXPECT_EQ(folded(Take::First, texts).value(), 3);
  EXPECT_EQ(folded(Take::Last, texts).value(), 1.5);
  EXPECT_EQ(folded(Take::Min, texts).value(), 1);
  EXPECT_EQ(folded(Take::Max, texts).value(), 4);
  EXPECT_EQ(folded(Take::Sum, texts).value(), 9.5);
  EXPECT_EQ(folded(Take::Mean, texts).value(), 2.375);
  EXPECT_EQ(folded(Take::Count, texts).value(), 4);
}

TEST(ValueFold, HasNoValueOfNothingButACount) {
  for (const Take take : {Take::First, Take::Last, Take::Min, Take::Max, Take::Sum, Take::Mean})
    EXPECT_EQ(ValueFold(take).value(), std::nullopt);
  EXPECT_EQ(ValueFold(Take::Count).value(), 0);
}

TEST(ValueFold, DoesNotPassOverANonNumberForFirstAndLast) {
  EXPECT_EQ(folded(Take::First, {"nan", "1"}).value(), std::nullopt);
  EXPECT_EQ(folded(Take::First, {"nan", "1"}).warning(), "'nan' is not a finite number");
  EXPECT_EQ(folded(Take::Last, {"1", "****"}).value(), std::nullopt);
  EXPECT_EQ(folded(Take::Last, {"1", "****"}).warning(), "'****' is not a finite number");
  EXPECT_EQ(folded(Take::Last, {"nan", "1"}).value(), 1);
  EXPECT_EQ(folded(Take::Last, {"nan", "1"}).warning(), "");
}

TEST(ValueFold, LeavesNonNumbersOutOfTheRestAndSaysHowMany) {
  const ValueFold mean = folded(Take::Mean, {"1", "inf", "3", "x"});
  EXPECT_EQ(mean.value(), 2);
  EXPECT_EQ(mean.warning(), "'inf' is not a finite number: 2 of 4 values left out");
  EXPECT_EQ(folded(Take::Max, {"nan", "-1"}).value(), -1);
  EXPECT_EQ(folded(Take::Sum, {"nan"}).value(), std::nullopt);
  EXPECT_EQ(folded(Take::Count, {"nan", "x"}).value(), 2);
  EXPECT_EQ(folded(Take::Count, {"nan", "x"}).warning(), "");
}

TEST(ValueFold, WantsNoMoreThanTheFirst) {
  ValueFold fold(Take::First);
  EXPECT_TRUE(fold.wants_more());
  fold.add(1.0);
  EXPECT_FALSE(fold.wants_more());
  fold.add(2.0);
  EXPECT_EQ(fold.value(), 1);
}

TEST(ValueFold, KeepsSmallStepsBesideALargeTotal) {
  ValueFold fold(Take::Sum);
  fold.add(1e16);
  for (int i = 0; i < 1000; ++i) fold.add(1.0);
  fold.add(-1e16);
  EXPECT_EQ(fold.value(), 1000);
}

TEST(ValueFold, HasNoValueWhereTheSumIsTooLarge) {
  ValueFold fold(Take::Sum);
  fold.add(std::numeric_limits<double>::max());
  fold.add(std::numeric_limits<double>::max());
  EXPECT_EQ(fold.value(), std::nullopt);
  EXPECT_EQ(fold.warning(), "the sum is too large for a number");
}

TEST(ValueFold, ShowsNoControlCharactersOfWhatItLeftOut) {
  EXPECT_EQ(folded(Take::First, {"\x1b[31mred"}).warning().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace studyctl
