#include "manifest/document.h"

#include <gtest/gtest.h>

#include <string>

namespace studyctl {
namespace {

struct Read {
  explicit Read(std::string_view given) : text(given), source("f", text), problems(source) {
    documents = read_documents(text, problems);
  }

  std::string message() const { return problems.any() ? problems.error().message : ""; }
  const Node& root() const { return *documents.roots.at(0); }

  std::string text;
  Source source;
  Problems problems;
  Documents documents;
};

TEST(Documents, KeepLiteralsTheirStyleAndTheirPlace) {
  const Read read("a: 1.10\nb:\n  - \"x\\n\"\n  - 'it''s'\n  - |\n    lines\n  - ~\n");
  ASSERT_EQ(read.message(), "");
  const Node& a = *read.root().find("a");
  EXPECT_EQ(a.kind, Node::Kind::Plain);
  EXPECT_EQ(a.text, "1.10");
  EXPECT_EQ(a.place, (Place{1, 4}));
  const auto& items = read.root().find("b")->items;
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(items[0]->kind, Node::Kind::Quoted);
  EXPECT_EQ(items[0]->text, "x\n");
  EXPECT_EQ(items[0]->place, (Place{3, 5}));
  EXPECT_EQ(items[1]->text, "it's");
  EXPECT_EQ(items[2]->text, "lines\n");
  EXPECT_EQ(items[2]->kind, Node::Kind::Quoted);
  EXPECT_EQ(items[3]->kind, Node::Kind::Null);
  EXPECT_EQ(items[3]->text, "~");
}

TEST(Documents, ReadJsonWithItsEscapes) {
  const Read read(
      "{\n\t\"a\":\"\\ud83d\\ude00\\u00e9\\/\\t\\\"\",\"b\":[1,true,null],\t\"c\":\"\\\\ud83d\\\\ude00\"}");
  ASSERT_EQ(read.message(), "");
  EXPECT_EQ(read.root().find("a")->text, "😀é/\t\"");
  EXPECT_EQ(read.root().find("c")->text, "\\ud83d\\ude00");
  EXPECT_EQ(read.root().find("b")->items.at(2)->kind, Node::Kind::Null);
}

TEST(Documents, LeaveTabsInJsonTexts) {
  const Read read("{\"a\": \"x\ty\"}");
  ASSERT_EQ(read.message(), "");
  EXPECT_EQ(read.root().find("a")->text, "x\ty");
}

TEST(Documents, ReadSeveralAndLeaveOutTheEmptyOnes) {
  const Read read("a: 1\n---\n# nothing\n---\nb: 2\n...\n---\nc: 3\n");
  ASSERT_EQ(read.message(), "");
  ASSERT_EQ(read.documents.roots.size(), 3u);
  EXPECT_EQ(read.documents.roots[2]->find("c")->text, "3");
}

TEST(Documents, RefuseTextBehindTheEndOfADocument) {
  EXPECT_EQ(Read("a: 1\n...\nb: 2\n").message(),
            "f:3:1: text behind the end of the document; begin another document with ---");
}

TEST(Documents, ReportEveryDuplicateKeyWithTheFirstOne) {
  EXPECT_EQ(Read("a: {b: 1, b: 2}\nc: 1\n\"a\": 2\n").message(),
            "f:1:11: a.b: is here twice; the first is at f:1:5: keep one of them\n"
            "f:3:1: a: is here twice; the first is at f:1:1: keep one of them");
}

TEST(Documents, CountCharactersRatherThanBytesInColumns) {
  EXPECT_EQ(Read("{\"é😀\": 1, \"é😀\": 2}").message(),
            "f:1:11: é😀: is here twice; the first is at f:1:2: keep one of them");
}

TEST(Documents, FollowAliases) {
  const Read read("a: &x [1, 2]\nb: *x\n");
  ASSERT_EQ(read.message(), "");
  EXPECT_EQ(read.root().find("b"), read.root().find("a"));
}

TEST(Documents, RefuseAnAliasOfWhatItIsIn) {
  EXPECT_EQ(Read("a: &x [*x]\n").message(), "f:1:8: a[0]: this alias stands for what it is in");
}

TEST(Documents, MergeMapsAsKubernetesDoes) {
  const Read read("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], z: 3}\nd: {<<: *b}\n");
  ASSERT_EQ(read.message(), "");
  const Node& c = *read.root().find("c");
  EXPECT_EQ(c.entries.size(), 3u);
  EXPECT_EQ(c.find("x")->text, "1");
  EXPECT_EQ(c.find("y")->text, "1");
  EXPECT_EQ(c.find("z")->text, "3");
  EXPECT_EQ(read.root().find("d")->find("y")->text, "2");
}

TEST(Documents, MergeNothingButMaps) {
  EXPECT_EQ(Read("a: {<<: 5}\n").message(), "f:1:5: a.<<: merges a number; only maps can be merged");
}

TEST(Documents, RefuseTagsButStr) {
  EXPECT_EQ(Read("a: !!str 1.10\n").root().find("a")->kind, Node::Kind::Quoted);
  EXPECT_EQ(Read("a: !x 1\n").message(),
            "f:1:4: a: the tag !x is not read; remove it, and quote the value if it is text");
}

TEST(Documents, RefuseKeysThatAreNoText) {
  EXPECT_EQ(Read("? [a]\n: 1\n").message(),
            "f:1:3: a key must be text, not a list or a map; write it as text, or close the bracket");
  EXPECT_EQ(Read("~: 1\n").message(), "f:1:1: a key is missing here; put null in quotes if it is one");
}

TEST(Documents, RefuseAQuoteThatIsNotClosed) {
  EXPECT_EQ(Read("a: \"b\n").message(), "f:1:4: a quote is not closed");
  EXPECT_EQ(Read("a: &x 'it''s\n").message(), "f:1:4: a quote is not closed");
  EXPECT_EQ(Read("a: \"b\\\"\n").message(), "f:1:4: a quote is not closed");
  EXPECT_EQ(Read("a: \"b\"\n").message(), "");
  EXPECT_EQ(Read("a: 'it''s'\n").message(), "");
}

TEST(Documents, RefuseControlCharactersAndWhatIsNoUtf8) {
  EXPECT_EQ(Read("a: b\nc: \x04\n").message(),
            "f:2:4: a control character; remove it, or write an escape in double quotes");
  EXPECT_EQ(Read("a: \xff\n").message(), "f:1:4: is not UTF-8; save the file as UTF-8");
  EXPECT_EQ(Read("a: \xe2\x82").message(), "f:1:4: is not UTF-8; save the file as UTF-8");
}

TEST(Documents, RefuseMoreThanFourMebibytes) {
  const std::string text = "a: " + std::string(10'000'000, 'x');
  EXPECT_EQ(Read(text).message(),
            "f:1:1: is longer than 4.0 MiB, the most that a manifest may have; put long texts into files "
            "(fromFile)");
}

std::string repeated(std::string_view text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST(Documents, RefuseWhatIsTooDeepBeforeTheParserIs) {
  for (const std::string& text :
       {"a: " + repeated("[", 10000) + repeated("]", 10000),
        "a: " + repeated("{a: ", 10000) + repeated("}", 10000), repeated("- ", 10000) + "a",
        "x: " + repeated("[a: ", 10000) + repeated("]", 10000)}) {
    EXPECT_NE(Read(text).message().find("more than 64 levels deep"), std::string::npos) << text.substr(0, 20);
  }
  for (const std::string_view piece : {"[", "{", "[a: ", "{a: ", "? ", "- ? ", "!x &a ", "[\"", "{? "}) {
    EXPECT_NE(Read(repeated(piece, 10000)).message(), "") << piece;
  }
}

TEST(Documents, ReadWhatIsDeepEnough) {
  EXPECT_EQ(Read("a: " + repeated("[", 63) + repeated("]", 63)).message(), "");
  EXPECT_NE(Read("a: " + repeated("[", 64) + repeated("]", 64)).message(), "");
}

TEST(Documents, CountTheDepthOfWhatAnAliasStandsFor) {
  const std::string deep = "a: &a " + repeated("[", 40) + repeated("]", 40) + "\nb: ";
  EXPECT_EQ(Read(deep + repeated("[", 20) + "*a" + repeated("]", 20)).message(), "");
  EXPECT_NE(Read(deep + repeated("[", 30) + "*a" + repeated("]", 30)).message().find("levels deep"),
            std::string::npos);
}

TEST(Documents, RefuseMoreThanHalfAMillionNodes) {
  EXPECT_NE(Read("[" + repeated("a,", 500'001) + "]").message().find("more than 500,000 values"),
            std::string::npos);
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1) + ",";
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeated(last, 10) + "]\n";
  }
  const Read read(bomb);
  EXPECT_NE(read.message().find("more than 500,000 values"), std::string::npos);
  EXPECT_TRUE(read.documents.roots.empty());
}

TEST(Documents, RefuseAliasesOfLongTextsBeforeTheyAreWrittenOut) {
  const std::string text = "a: &a \"" + std::string(1'000'000, 'x') + "\"\nb: [";
  EXPECT_EQ(Read(text + repeated("*a,", 7) + "]").message(), "");
  EXPECT_NE(Read(text + repeated("*a,", 1000) + "]").message().find("more than 8 MiB of text"),
            std::string::npos);
}

}  // namespace
}  // namespace studyctl
