#include "store/harvest/line_blocks.h"

#include <gtest/gtest.h>

#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

// All blocks of `content` as one text; fails the test when a block but the last does not end with a line.
std::string read_back(const std::string& content) {
  const AttemptScratch attempt;
  attempt.write("a", content);
  ReadBudget budget({});
  LineBlocks blocks(*ByteSource::open(attempt.open(), "a", budget));
  std::string text;
  while (true) {
    const auto block = blocks.next();
    EXPECT_TRUE(block);
    if (!block || block->empty()) return text;
    // Only a line that is too long is left in the middle.
    EXPECT_TRUE(text.empty() || text.ends_with('\n') || text.size() + 1 >= kLongestLine);
    text += *block;
  }
}

TEST(LineBlocks, GiveEveryLineOnceWhateverTheirLength) {
  std::string content;
  for (size_t i = 0; content.size() < 3'000'000; i += 7) content += std::string(i % 5000, 'x') + "\n";
  EXPECT_EQ(read_back(content), content);
  EXPECT_EQ(read_back(content + "no end"), content + "no end");
  EXPECT_EQ(read_back(""), "");
  EXPECT_EQ(read_back("\n\n"), "\n\n");
}

TEST(LineBlocks, ReadAnyLineEndAsANewline) {
  EXPECT_EQ(read_back("a\r\nb\rc\nd\r"), "a\nb\nc\nd\n");
  EXPECT_EQ(read_back("a\r\r\nb"), "a\n\nb");
}

TEST(LineBlocks, KeepACarriageReturnAndItsNewlineTogetherWhereverBlocksEnd) {
  for (const size_t length : {size_t{256 * 1024}, kLongestLine}) {
    for (size_t shift = 0; shift < 4; ++shift) {
      const std::string line(length - 2 + shift, 'x');
      EXPECT_EQ(read_back(line + "\r\nb\r\n"), line + "\nb\n") << length << " " << shift;
    }
  }
}

TEST(LineBlocks, CutALineWithoutEndIntoPiecesOfBoundedSize) {
  const AttemptScratch attempt;
  attempt.write("a", std::string(5'000'000, 'x'));
  ReadBudget budget({});
  LineBlocks blocks(*ByteSource::open(attempt.open(), "a", budget));
  size_t total = 0;
  for (auto block = blocks.next(); block && !block->empty(); block = blocks.next()) {
    EXPECT_LE(block->size(), 2 * kLongestLine);
    total += block->size();
  }
  EXPECT_EQ(total, 5'000'000u);
}

TEST(LineBlocks, ReadWhatIsNotUtf8AsReplacementCharacters) {
  EXPECT_EQ(read_back("5 \xC5ngstrom\n"), "5 \xEF\xBF\xBDngstrom\n");
  EXPECT_EQ(read_back("5 \xC3\x85ngstrom\n"), "5 \xC3\x85ngstrom\n");
}

}  // namespace
}  // namespace studyctl
