#include "model/derive.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

namespace studyctl {
namespace {

// The value, or what is wrong.
std::string derived(std::string_view text) {
  const std::map<std::string, int64_t> values = {{"uhf", 2},
                                                 {"a-b", 7},
                                                 {"most", std::numeric_limits<int64_t>::max()},
                                                 {"least", std::numeric_limits<int64_t>::min()}};
  const auto derivation = Derivation::parse(text);
  if (!derivation) return derivation.error().message;
  const auto value = derivation->value([&](const std::string& name) { return values.at(name); });
  return value ? std::to_string(*value) : value.error().message;
}

TEST(Derive, ComputesAsInSchool) {
  EXPECT_EQ(derived("uhf + 1"), "3");
  EXPECT_EQ(derived("2 + 3 * 4"), "14");
  EXPECT_EQ(derived("(2 + 3) * -4"), "-20");
  EXPECT_EQ(derived("20 - 3 - 2"), "15");
  EXPECT_EQ(derived("-7 / 2"), "-3");
  EXPECT_EQ(derived("-7 % 2"), "-1");
  EXPECT_EQ(derived("a-b - uhf"), "5");
}

TEST(Derive, NamesEachParameterOnce) {
  EXPECT_EQ(Derivation::parse("x * y + x")->names(), (std::vector<std::string>{"x", "y"}));
}

TEST(Derive, SaysWhatDoesNotFit) {
  EXPECT_EQ(derived("most + 1"), "'most + 1': does not fit into 64 bits");
  EXPECT_EQ(derived("most * uhf"), "'most * uhf': does not fit into 64 bits");
  EXPECT_EQ(derived("-least"), "'-least': does not fit into 64 bits");
  EXPECT_EQ(derived("least / -1"), "'least / -1': does not fit into 64 bits");
  EXPECT_EQ(derived("least % -1"), "0");
  EXPECT_EQ(derived("1 / (uhf - 2)"), "'1 / (uhf - 2)': divides by 0");
  EXPECT_EQ(derived("99999999999999999999"),
            "'99999999999999999999': the number does not fit into 64 bits at character 1");
}

TEST(Derive, SaysWhereItIsWrong) {
  EXPECT_EQ(derived("uhf +"), "'uhf +': a number or a parameter's name is missing at character 6");
  EXPECT_EQ(derived("(1 + 2"), "'(1 + 2': a ) is missing at character 7");
  EXPECT_EQ(derived("1 2"), "'1 2': an operator is missing at character 3");
  EXPECT_EQ(derived(""), "'': a number or a parameter's name is missing at character 1");
  EXPECT_NE(derived(std::string(100'000, '(')).find("too many parentheses"), std::string::npos);
  EXPECT_NE(derived(std::string(100'000, '-')).find("too many parentheses"), std::string::npos);
}

}  // namespace
}  // namespace studyctl
