#include "manifest/problems.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace studyctl {
namespace {

TEST(Problems, AreToldInTheOrderOfTheirPlaces) {
  Source source("f.yaml", "abc\ndef\n");
  Problems problems(source);
  problems.add({2, 1}, "b", "second");
  problems.add({1, 3}, "", "first");
  problems.add(source.add_flag("--cycles"), "c", "before all");
  EXPECT_EQ(problems.error().message, "--cycles: c: before all\nf.yaml:1:3: first\nf.yaml:2:1: b: second");
  EXPECT_EQ(problems.error().code, ErrorCode::Invalid);
}

TEST(Problems, AreBoundedAndCounted) {
  Source source("f", "");
  Problems problems(source);
  for (uint32_t i = 0; i < 100'000; ++i) problems.add({i + 1, 1}, "a", "wrong");
  const std::string message = problems.error().message;
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 100);
  EXPECT_TRUE(message.ends_with("\nand 99900 more problems"));
}

TEST(Problems, CutLongTextsAndShowNoControlCharacters) {
  Source source("f", "");
  Problems problems(source);
  problems.add({1, 1}, std::string(5000, 'p'), std::string(100'000, 'x') + "\x1b[31m");
  EXPECT_LT(problems.error().message.size(), 2000u);
  Problems others(source);
  others.add({1, 1}, "a", "\x1b[31mred\n");
  EXPECT_EQ(others.error().message, "f:1:1: a: red ");
}

TEST(Source, FindsWordsBelowAPlace) {
  const Source source("f", "a: |\n  one\n  ${x} ${x}\nb: ${x}\n");
  EXPECT_EQ(source.find("${x", {1, 4}, 3), (Place{3, 3}));
  EXPECT_EQ(source.find("${x", {3, 4}, 1), (Place{3, 8}));
  EXPECT_EQ(source.find("${y", {1, 4}, 3), (Place{1, 4}));
}

}  // namespace
}  // namespace studyctl
