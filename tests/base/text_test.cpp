#include "base/text.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using Strings = std::vector<std::string>;

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (Strings{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (Strings{""}));
}

TEST(Join, PutsTheSeparatorBetweenOnly) {
  EXPECT_EQ(join(Strings{"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join(Strings{}, ", "), "");
}

TEST(Trim, TakesWhiteSpaceFromBothEnds) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(GlobMatch, StarMatchesAnyRunOfCharacters) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("*.out", "orca.out"));
  EXPECT_TRUE(glob_match("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(glob_match("a*b*c", "a-b-b-d"));
  EXPECT_FALSE(glob_match("*.out", "orca.out.gz"));
}

TEST(GlobMatch, QuestionMarkMatchesOneCharacterEvenOfManyBytes) {
  EXPECT_TRUE(glob_match("a?c", "abc"));
  EXPECT_TRUE(glob_match("a?c", "aéc"));
  EXPECT_FALSE(glob_match("a?c", "ac"));
}

TEST(GlobMatch, OtherCharactersStandForThemselves) {
  EXPECT_TRUE(glob_match("[a].(b)", "[a].(b)"));
  EXPECT_FALSE(glob_match("[a]", "a"));
  EXPECT_FALSE(glob_match("", "a"));
}

TEST(GlobMatch, IsNotExponentialInItsStars) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(4000, 'a')));
}

TEST(Nearest, FindsTheCandidateWithTheFewestEdits) {
  const Strings fields = {"timeouts", "retry", "cooldown"};
  EXPECT_EQ(nearest("timeout", fields), "timeouts");
  EXPECT_EQ(nearest("RETRY", fields), "retry");
  EXPECT_EQ(nearest("coldwn", fields), "cooldown");
}

TEST(Nearest, FindsNothingBeyondTwoEdits) {
  EXPECT_EQ(nearest("parallelism", Strings{"timeouts", "retry"}), std::nullopt);
  EXPECT_EQ(nearest("ab", Strings{"cd"}), std::nullopt);
  EXPECT_EQ(nearest("", Strings{"cd"}), std::nullopt);
}

TEST(ToUtf8, KeepsWhatIsValid) {
  EXPECT_EQ(to_utf8("aéλ€😀\x01"), "aéλ€😀\x01");
}

TEST(ToUtf8, ReplacesWhatIsBroken) {
  EXPECT_EQ(to_utf8("a\xff"
                    "b"),
            "a\uFFFD"
            "b");
  EXPECT_EQ(to_utf8("\xe2\x82"), "\uFFFD\uFFFD");                      // cut short
  EXPECT_EQ(to_utf8("\xc0\xaf"), "\uFFFD\uFFFD");                      // overlong
  EXPECT_EQ(to_utf8("\xe0\x80\xaf"), "\uFFFD\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(to_utf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(to_utf8("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
}

TEST(Printable, LetsNoControlCharacterThrough) {
  EXPECT_EQ(printable("a\x1b[31mred\x1b[0m\x7f"), "ared?");
  EXPECT_EQ(printable("a\x1b[31"), "a");
  EXPECT_EQ(printable("one\r\ntwo\tthree"), "one  two three");
  EXPECT_EQ(printable("\u009b"
                      "31m"),
            "?31m");  // CSI as one character
  EXPECT_EQ(printable("\u202e"
                      "txt"),
            "?txt");  // text from right to left
  EXPECT_EQ(printable("\xff"), "\uFFFD");
  EXPECT_EQ(printable("λ = 0.5 é"), "λ = 0.5 é");
}

}  // namespace
}  // namespace studyctl
