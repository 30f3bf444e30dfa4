#include "store/harvest/pattern.h"

#include <gtest/gtest.h>

#include <vector>

namespace studyctl {
namespace {

using Texts = std::vector<std::string>;

Texts matches(const std::string& regex, std::string_view lines) {
  Texts found;
  const auto pattern = Pattern::compile(regex);
  if (!pattern) return {pattern.error().message};
  pattern->each_match(lines, [&](std::string_view text) {
    found.emplace_back(text);
    return true;
  });
  return found;
}

TEST(Pattern, GivesTheFirstGroupOfEveryMatch) {
  EXPECT_EQ(matches(R"(loss=(\S+) acc=(\S+))", "loss=1 acc=2\nloss=3 acc=4\n"), (Texts{"1", "3"}));
  EXPECT_EQ(matches(R"(loss=(\d))", "loss=1 loss=2\nloss=3"), (Texts{"1", "2", "3"}));
}

TEST(Pattern, GivesTheWholeMatchWhereThereIsNoGroup) {
  EXPECT_EQ(matches("SCF +ITER", "SCF ITER\nSCF   ITER\n"), (Texts{"SCF ITER", "SCF   ITER"}));
  EXPECT_EQ(matches("(?:a|b)c", "ac bc"), (Texts{"ac", "bc"}));
}

TEST(Pattern, LeavesOutAGroupThatTookNoPart) {
  EXPECT_EQ(matches("x=(\\d)|y=", "y=\nx=1\ny=\n"), Texts{"1"});
}

TEST(Pattern, AnchorsAreTheEndsOfEachLine) {
  EXPECT_EQ(matches("^b(.)$", "a1\nb2\nab3\nb44\nb5"), (Texts{"2", "5"}));
  EXPECT_EQ(matches("^$", "a\n\nb\n").size(), 1u);
}

TEST(Pattern, NeverMatchesOverTheEndOfALine) {
  EXPECT_EQ(matches(R"(energy\s+(\S+))", "energy\n-1.5\nenergy -2.5\n"), Texts{"-2.5"});
  EXPECT_EQ(matches("a[^x]*", "ab\ncd"), Texts{"ab"});
  EXPECT_EQ(matches(R"(a\Wb)", "a\nb a b"), Texts{"a b"});
  EXPECT_EQ(matches(R"(a\nb)", "a\nb"), Texts{});
  EXPECT_EQ(matches("(?s)a.*", "ab\ncd"), Texts{"ab"});
  EXPECT_EQ(matches("a(?s:.)b", "a\nb"), Texts{});
}

TEST(Pattern, MeansTheSameByLineAndByBlock) {
  EXPECT_EQ(matches(R"(\Ab(\d))", "b1\nb2\n b3\n"), (Texts{"1", "2"}));
  EXPECT_EQ(matches(R"((\d)\z)", "b1\nb2 \nb3"), (Texts{"1", "3"}));
  EXPECT_EQ(matches("(?-m)^b(.)$", "b1\nb2\n"), (Texts{"1", "2"}));
  EXPECT_EQ(matches("(?i)LOSS (.)", "loss 1\nLoss 2\n"), (Texts{"1", "2"}));
  EXPECT_EQ(matches("(?P<name>\\d)x", "1x\n2x"), (Texts{"1", "2"}));
  EXPECT_EQ(matches(R"(\Qa.b\E)", "a.b\naxb"), Texts{"a.b"});
}

TEST(Pattern, AlternativesOfALineArePartOfThePattern) {
  EXPECT_EQ(matches("^a|^b", "b\na\ncb"), (Texts{"b", "a"}));
}

TEST(Pattern, EndsWhenNoMoreIsWanted) {
  const auto pattern = Pattern::compile("(\\d)");
  ASSERT_TRUE(pattern);
  for (const char* lines : {"1\n2\n3", "123"}) {
    int seen = 0;
    pattern->each_match(lines, [&](std::string_view) { return ++seen < 2; });
    EXPECT_EQ(seen, 2);
  }
}

TEST(Pattern, EmptyMatchesEnd) {
  EXPECT_EQ(matches("x*", "ab"), (Texts{"", "", ""}));
  EXPECT_EQ(matches("x*", "é"), (Texts{"", ""}));
}

TEST(Pattern, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(matches("a(b", ""), Texts{"'a(b' is no regular expression: missing ): a(b"});
  EXPECT_EQ(matches("(?=a)", "").front().substr(0, 30), "'(?=a)' is no regular expressi");
}

TEST(Pattern, IsLinearInHostileText) {
  const std::string text(500'000, 'a');
  EXPECT_EQ(matches("(a*)*b", text), Texts{});
  EXPECT_EQ(matches("(?:a?){20}a{20}$", text).size(), 1u);
}

}  // namespace
}  // namespace studyctl
