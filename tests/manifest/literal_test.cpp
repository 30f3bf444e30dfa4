#include "manifest/literal.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(Literals, AreWhatKubectlTakesThemFor) {
  for (const char* text : {"1", "-1", "010", "1.10", ".5", "5.", "1e3", "0x1F", "0b11", "0o17", "1_000", "+1",
                           "-.inf", ".nan", "08", "1__0", "-0x1f"}) {
    EXPECT_EQ(plain_kind(text), Value::Kind::Number) << text;
  }
  for (const char* text : {"true", "True", "yes", "no", "ON", "off", "y", "N"}) {
    EXPECT_EQ(plain_kind(text), Value::Kind::Boolean) << text;
  }
  for (const char* text : {"", "~", "null", "Null", "NULL"})
    EXPECT_EQ(plain_kind(text), Value::Kind::Null) << text;
  for (const char* text :
       {"fp16", "1:30", "2026-11-22", "1a", "1.2.3", "e3",  ".",   "-",    "+",   "0x", "0b2",
        "0o8",  "nope", "_1",         "1e", "inf",   "nan", "10%", "16Gi", "1 2", "yES"}) {
    EXPECT_EQ(plain_kind(text), Value::Kind::String) << text;
  }
}

TEST(Literals, MeanThemselvesWhenTheyAreTheirOwnJson) {
  for (const char* text :
       {"0", "1", "-1", "0.5", "-0.5", "1e-7", "1e+21", "1.5e+300", "0.000001", "123456789.125", "true",
        "false", "null", "fp16", "9223372036854775807", "100000000000000000000"}) {
    EXPECT_TRUE(is_own_meaning(text)) << text;
  }
  for (const char* text : {"1.10",
                           "010",
                           "no",
                           "1e3",
                           "1.0",
                           "-0",
                           "+1",
                           ".5",
                           "5.",
                           "0x1F",
                           "1_000",
                           "1E3",
                           "1e21",
                           "1e-07",
                           "0.0000001",
                           "~",
                           "Null",
                           "True",
                           "yes",
                           "y",
                           ".inf",
                           "1e400",
                           "12345678901234567890",
                           "0.1000000000000000055",
                           "-0.0",
                           "00",
                           ""}) {
    EXPECT_FALSE(is_own_meaning(text)) << text;
  }
}

TEST(Literals, OfDoublesAreTheShortestThatReadBack) {
  EXPECT_EQ(canonical_number(0), "0");
  EXPECT_EQ(canonical_number(-0.0), "0");
  EXPECT_EQ(canonical_number(1.5), "1.5");
  EXPECT_EQ(canonical_number(1e20), "100000000000000000000");
  EXPECT_EQ(canonical_number(1e21), "1e+21");
  EXPECT_EQ(canonical_number(1e-6), "0.000001");
  EXPECT_EQ(canonical_number(1.25e-7), "1.25e-7");
  EXPECT_EQ(canonical_number(-1e100), "-1e+100");
}

}  // namespace
}  // namespace studyctl
