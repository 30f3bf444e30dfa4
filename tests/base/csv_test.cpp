#include "base/csv.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

struct Read {
  std::vector<std::vector<std::string>> rows;
  std::vector<size_t> lines;
  std::string problem;
};

// The same in pieces of `piece` bytes: nothing may depend on where a block ends.
Read read(std::string_view text, size_t piece = 1) {
  Read read;
  CsvReader reader([&](std::vector<std::string> cells, size_t line) -> Result<void> {
    read.rows.push_back(std::move(cells));
    read.lines.push_back(line);
    return {};
  });
  for (size_t at = 0; at < text.size(); at += piece) {
    if (auto taken = reader.put(text.substr(at, piece)); !taken)
      return read.problem = taken.error().message, read;
  }
  if (auto ended = reader.finish(); !ended) read.problem = ended.error().message;
  return read;
}

using Rows = std::vector<std::vector<std::string>>;

TEST(Csv, QuotedCellsHoldCommasQuotesAndLineBreaks) {
  const Read got = read("name,note\nwater,\"a, \"\"b\"\"\nc\"\n");
  EXPECT_EQ(got.rows, (Rows{{"name", "note"}, {"water", "a, \"b\"\nc"}}));
}

TEST(Csv, EveryKindOfLineEndCounts) {
  const Read got = read("a\r\nb\rc\n\n\nd");
  EXPECT_EQ(got.rows, (Rows{{"a"}, {"b"}, {"c"}, {"d"}}));
  EXPECT_EQ(got.lines, (std::vector<size_t>{1, 2, 3, 6}));
}

TEST(Csv, ARowAfterAQuotedLineBreakKnowsItsLine) {
  EXPECT_EQ(read("\"a\nb\"\nc\n").lines, (std::vector<size_t>{1, 3}));
}

TEST(Csv, EmptyCellsAreCells) {
  EXPECT_EQ(read("a,,\n,\"\"\n").rows, (Rows{{"a", "", ""}, {"", ""}}));
}

TEST(Csv, AByteOrderMarkIsNoPartOfTheFirstName) {
  EXPECT_EQ(read("\xEF\xBB\xBFname\n").rows, Rows{{"name"}});
}

TEST(Csv, SaysWhereAQuoteIsWrong) {
  EXPECT_EQ(read("a\n\"b\"c\n").problem,
            "line 2: text behind a closing quote; a quote within quotes is written twice");
  EXPECT_EQ(read("a\nb,\"c\nd\n").problem, "line 2: a quote is not closed");
}

TEST(Csv, ARowWithoutEndIsBounded) {
  EXPECT_NE(read("\"" + std::string(CsvReader::kLongestRow, 'x'), 4096).problem.find("longer than 1 MiB"),
            std::string::npos);
}

TEST(Csv, WhereABlockEndsMakesNoDifference) {
  const std::string text = "a,\"b\r\nc\",d\r\n1,2,3\r\n";
  for (size_t piece = 1; piece < text.size(); ++piece)
    EXPECT_EQ(read(text, piece).rows, read(text, 1000).rows) << piece;
}

}  // namespace
}  // namespace studyctl
