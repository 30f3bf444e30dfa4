#include "store/harvest/byte_source.h"

#include <gtest/gtest.h>

#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

std::string numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST(ByteSource, ReadsAFileWhole) {
  const AttemptScratch attempt;
  attempt.write("a", numbers(10000));
  attempt.write("empty", "");
  EXPECT_EQ(all_of(attempt.open(), "a"), numbers(10000));
  EXPECT_EQ(all_of(attempt.open(), "empty"), "");
}

TEST(ByteSource, InflatesAllMembersOfAGzipFile) {
  const AttemptScratch attempt;
  attempt.write("a.gz", gzip(numbers(50000)) + gzip("") + gzip("end\n"));
  EXPECT_EQ(all_of(attempt.open(), "a.gz"), numbers(50000) + "end\n");
}

TEST(ByteSource, PassesOverThePaddingBehindAGzipFile) {
  const AttemptScratch attempt;
  attempt.write("a.gz", gzip("text\n") + std::string(100000, '\0'));
  EXPECT_EQ(all_of(attempt.open(), "a.gz"), "text\n");
}

TEST(ByteSource, TellsDamagedFromUnfinishedGzipData) {
  const AttemptScratch attempt;
  const std::string whole = gzip(numbers(5000));
  std::string damaged = whole;
  for (size_t i = 200; i < 260; ++i) damaged[i] = static_cast<char>(~damaged[i]);
  attempt.write("cut.gz", whole.substr(0, whole.size() / 2));
  attempt.write("headless.gz", "just text\n");
  attempt.write("empty.gz", "");
  attempt.write("damaged.gz", damaged);
  attempt.write("garbage-behind.gz", gzip("text\n") + "garbage");
  EXPECT_EQ(all_of(attempt.open(), "cut.gz"), "error: is gzip data that end too early");
  EXPECT_EQ(all_of(attempt.open(), "empty.gz"), "error: is gzip data that end too early");
  EXPECT_EQ(all_of(attempt.open(), "headless.gz"), "error: is damaged gzip data");
  EXPECT_EQ(all_of(attempt.open(), "damaged.gz"), "error: is damaged gzip data");
  EXPECT_EQ(all_of(attempt.open(), "garbage-behind.gz"), "error: is damaged gzip data");
}

TEST(ByteSource, EndsABombAtTheLimitForWhatItInflatesTo) {
  const AttemptScratch attempt;
  attempt.write("bomb.gz", gzip(std::string(20'000'000, 'x')));
  ASSERT_LT(std::filesystem::file_size(attempt.path() / "bomb.gz"), 100'000u);
  EXPECT_EQ(all_of(attempt.open(), "bomb.gz", {1 << 20, std::chrono::minutes(1)}),
            "error: reading ended at 1.0 MiB, the most for one file");
}

TEST(ByteSource, CountsPaddingThatInflatesToNothing) {
  const AttemptScratch attempt;
  attempt.write("padded.gz", gzip("text\n"));
  std::filesystem::resize_file(attempt.path() / "padded.gz", uint64_t{1} << 40);
  EXPECT_EQ(all_of(attempt.open(), "padded.gz", {10 << 20, std::chrono::minutes(1)}),
            "error: reading ended at 10.0 MiB, the most for one file");
}

TEST(ByteSource, EndsAHugeSparseFileAtTheLimit) {
  const AttemptScratch attempt;
  attempt.write("huge", "");
  std::filesystem::resize_file(attempt.path() / "huge", uint64_t{1} << 40);
  EXPECT_EQ(all_of(attempt.open(), "huge", {10 << 20, std::chrono::minutes(1)}),
            "error: reading ended at 10.0 MiB, the most for one file");
}

TEST(ByteSource, EndsWhenTheTimeIsOver) {
  const AttemptScratch attempt;
  attempt.write("a", "text");
  EXPECT_EQ(all_of(attempt.open(), "a", {1 << 20, std::chrono::minutes(-1)}).substr(0, 26),
            "error: reading ended after");
}

TEST(ReadBudget, IsSharedByAllFilesOfAnAttempt) {
  ReadBudget budget({100, std::chrono::minutes(1)});
  EXPECT_TRUE(budget.take(60));
  EXPECT_TRUE(budget.take(40));
  EXPECT_FALSE(budget.take(1));
  EXPECT_FALSE(budget.take(0));
}

}  // namespace
}  // namespace studyctl
