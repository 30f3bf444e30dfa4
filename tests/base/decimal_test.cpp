#include "base/decimal.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

// "<", "=", ">", or "?" when they cannot be compared.
std::string compared(std::string_view a, std::string_view b) {
  const auto order = compare_decimals(a, b);
  if (!order) return "?";
  return *order < 0 ? "<" : *order > 0 ? ">" : "=";
}

TEST(Decimals, CompareByEveryDigit) {
  EXPECT_EQ(compared("0.1", "0.10000000000000000001"), "<");
  EXPECT_EQ(compared("9007199254740993", "9007199254740992"), ">");
  EXPECT_EQ(compared("10", "9"), ">");
  EXPECT_EQ(compared("0.05", "0.5"), "<");
  EXPECT_EQ(compared("100", "99.999"), ">");
}

TEST(Decimals, AreEqualHoweverTheyAreWritten) {
  EXPECT_EQ(compared("1.50", "1.5"), "=");
  EXPECT_EQ(compared("1e3", "1000"), "=");
  EXPECT_EQ(compared("0.01e2", "1"), "=");
  EXPECT_EQ(compared("-0", "0.0"), "=");
  EXPECT_EQ(compared("007", "7"), "=");
}

TEST(Decimals, SignsCount) {
  EXPECT_EQ(compared("-2", "1"), "<");
  EXPECT_EQ(compared("-2", "-1"), "<");
  EXPECT_EQ(compared("-1e-9", "0"), "<");
  EXPECT_EQ(compared("0", "-0.5"), ">");
}

TEST(Decimals, ExponentsMayBeHuge) {
  EXPECT_EQ(compared("1e400", "1e399"), ">");
  EXPECT_EQ(compared("1e-400", "0"), ">");
  EXPECT_EQ(compared("1e99999999999999999999", "1"), "?");
}

TEST(Decimals, TextIsNoNumber) {
  for (const char* text : {"", "-", ".", "1x", "nan", "inf", "0x10", "1e", "1e+-2", "1.2.3", " 1", "+1"}) {
    EXPECT_FALSE(is_decimal(text)) << text;
    EXPECT_EQ(compared(text, "1"), "?") << text;
  }
  for (const char* text : {"0", "-1", "1.", ".5", "1e5", "1E-5", "1e+5"})
    EXPECT_TRUE(is_decimal(text)) << text;
}

}  // namespace
}  // namespace studyctl
