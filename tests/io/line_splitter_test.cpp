#include "io/line_splitter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace studyctl {
namespace {

struct Lines {
  std::vector<std::string> seen;
  std::function<void(std::string_view)> take = [this](std::string_view line) { seen.emplace_back(line); };
};

TEST(LineSplitter, GivesTheSameLinesHoweverTheBytesAreSplit) {
  const std::string text = "one\ntwo\r\n\nfour\rfive\n\r\nlast";
  const std::vector<std::string> expected = {"one", "two", "", "four\rfive", "", "last"};
  for (size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter;
    Lines lines;
    for (size_t at = 0; at < text.size(); at += size) {
      splitter.feed(std::string_view(text).substr(at, size), lines.take);
    }
    splitter.finish(lines.take);
    EXPECT_EQ(lines.seen, expected) << "in pieces of " << size;
  }
}

TEST(LineSplitter, HoldsALineBackUntilItHasEnded) {
  LineSplitter splitter;
  Lines lines;
  splitter.feed("begun", lines.take);
  EXPECT_TRUE(lines.seen.empty());
  splitter.feed(" and ended\n", lines.take);
  EXPECT_EQ(lines.seen, std::vector<std::string>{"begun and ended"});
  splitter.finish(lines.take);
  EXPECT_EQ(lines.seen.size(), 1u);
}

TEST(LineSplitter, LeavesOutALineThatIsTooLongHoweverItComes) {
  const std::string text = "1234\r\n12345\n1234\n123456789\r\n1\n";
  for (size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter(4);
    Lines lines;
    for (size_t at = 0; at < text.size(); at += size) {
      splitter.feed(std::string_view(text).substr(at, size), lines.take);
    }
    EXPECT_EQ(lines.seen, (std::vector<std::string>{"1234", "1234", "1"})) << "in pieces of " << size;
    EXPECT_EQ(splitter.left_out(), 2u) << "in pieces of " << size;
  }
}

TEST(LineSplitter, ALastLineThatIsTooLongIsLeftOutToo) {
  LineSplitter splitter(4);
  Lines lines;
  splitter.feed("123", lines.take);
  splitter.feed("456", lines.take);
  splitter.finish(lines.take);
  splitter.finish(lines.take);
  EXPECT_TRUE(lines.seen.empty());
  EXPECT_EQ(splitter.left_out(), 1u);
}

}  // namespace
}  // namespace studyctl
