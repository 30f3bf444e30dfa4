#include "store/harvest/merged_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/text.h"
#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

Instant at(int second) {
  return *parse_instant("2026-11-22T14:30:00.000Z") + std::chrono::seconds(second);
}

// Writes as the controller does: the bytes first, then the line of the index.
class Writer {
 public:
  explicit Writer(const AttemptScratch& attempt) : attempt_(attempt) {
    for (const char* name : {"stdout.log", "stderr.log", "log.idx"}) attempt.write(name, "");
  }
  void out(const std::string& bytes, int second = 0) { say(1, "stdout.log", bytes, second); }
  void err(const std::string& bytes, int second = 0) { say(2, "stderr.log", bytes, second); }

 private:
  void say(size_t stream, const char* name, const std::string& bytes, int second) {
    attempt_.append(name, bytes);
    attempt_.append("log.idx", std::to_string(stream) + " " + std::to_string(sizes_[stream]) + " " +
                                   std::to_string(bytes.size()) + " " + format_instant(at(second)) + "\n");
    sizes_[stream] += bytes.size();
  }
  const AttemptScratch& attempt_;
  std::array<size_t, 3> sizes_{};
};

// "1:text", a chunk a word.
std::string chunks(MergedLog& log) {
  std::vector<std::string> parts;
  while (const auto chunk = log.next())
    parts.push_back(std::to_string(static_cast<int>(chunk->stream)) + ":" + chunk->bytes);
  return join(parts, " ");
}

std::string tail(const AttemptScratch& attempt, size_t lines, uint64_t bytes = 1 << 20) {
  std::vector<std::string> parts;
  for (const LogLine& line : last_log_lines(attempt.path(), lines, bytes)) parts.push_back(line.text);
  return join(parts, "|");
}

TEST(MergedLog, GivesBothStreamsInTheOrderInWhichTheyCame) {
  const AttemptScratch attempt;
  Writer writer(attempt);
  writer.out("a", 1);
  writer.err("b", 2);
  writer.out("c", 3);
  auto log = MergedLog::open(attempt.path());
  ASSERT_TRUE(log);
  const auto first = log->next();
  EXPECT_EQ(first->bytes, "a");
  EXPECT_EQ(first->at, at(1));
  EXPECT_EQ(chunks(*log), "2:b 1:c");
}

TEST(MergedLog, GoesOnWhenMoreHasCome) {
  const AttemptScratch attempt;
  Writer writer(attempt);
  auto log = MergedLog::open(attempt.path());
  EXPECT_EQ(chunks(*log), "");
  writer.out("a");
  EXPECT_EQ(chunks(*log), "1:a");
  EXPECT_EQ(chunks(*log), "");
  writer.err("b");
  writer.out("c");
  EXPECT_EQ(chunks(*log), "2:b 1:c");
}

TEST(MergedLog, FindsFilesThatComeLater) {
  const AttemptScratch attempt;
  auto log = MergedLog::open(attempt.path());
  EXPECT_EQ(chunks(*log), "");
  Writer writer(attempt);
  writer.out("a");
  EXPECT_EQ(chunks(*log), "1:a");
}

TEST(MergedLog, LeavesATornLineOfTheIndexForLater) {
  const AttemptScratch attempt;
  Writer writer(attempt);
  writer.out("a");
  attempt.append("stdout.log", "bcd");
  attempt.append("log.idx", "1 1 ");
  auto log = MergedLog::open(attempt.path());
  EXPECT_EQ(chunks(*log), "1:a");
  attempt.append("log.idx", "3 2026-11-22T14:30:05.123Z\n");
  EXPECT_EQ(chunks(*log), "1:bcd");
}

TEST(MergedLog, GoesOnFromAPositionInAnotherReader) {
  const AttemptScratch attempt;
  Writer writer(attempt);
  writer.out(std::string(1 << 20, 'x') + "rest");
  writer.err("b");
  auto log = MergedLog::open(attempt.path());
  EXPECT_EQ(log->next()->bytes.size(), size_t{1} << 20);
  const MergedLog::Position in_the_middle = log->position();
  EXPECT_EQ(chunks(*log), "1:rest 2:b");
  const MergedLog::Position at_the_end = log->position();
  writer.out("c");
  auto other = MergedLog::open(attempt.path());
  other->resume(in_the_middle);
  EXPECT_EQ(chunks(*other), "1:rest 2:b 1:c");
  auto third = MergedLog::open(attempt.path());
  third->resume(at_the_end);
  EXPECT_EQ(chunks(*third), "1:c");
}

TEST(MergedLog, GivesOneStreamAfterTheOtherWithoutAnIndex) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "out\n");
  attempt.write("stderr.log", "err\n");
  auto log = MergedLog::open(attempt.path());
  EXPECT_EQ(chunks(*log), "1:out\n 2:err\n");
}

TEST(MergedLog, BelievesNoIndexThatAWorkloadWrote) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "0123456789");
  attempt.write(
      "log.idx",
      "nonsense\n3 0 5 2026-11-22T14:30:05.123Z\n1 0 4 whenever\n1 0 4 2026-11-22T14:30:05.123Z\n"
      "1 2 4 2026-11-22T14:30:05.123Z\n1 18446744073709551615 9 x\n1 6 99999999999 x\n2 0 5 x\n1 -1 5 x\n\n");
  auto log = MergedLog::open(attempt.path());
  EXPECT_EQ(chunks(*log), "1:0123 1:45 1:6789");
}

TEST(MergedLog, PassesOverAnIndexThatIsOneEndlessLine) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "a\nb\n");
  attempt.write("log.idx", std::string(300'000, '7'));
  auto log = MergedLog::open(attempt.path());
  EXPECT_EQ(chunks(*log), "");
  EXPECT_EQ(tail(attempt, 1), "b");
}

TEST(MergedLog, FollowsNoLinkOutAndOpensNoPipe) {
  const AttemptScratch attempt;
  attempt.link("stdout.log", attempt.outside());
  ASSERT_EQ(mkfifo((attempt.path() / "stderr.log").c_str(), 0600), 0);
  auto log = MergedLog::open(attempt.path());
  EXPECT_EQ(chunks(*log), "");
}

TEST(MergedLog, PassesOverWhatWasSaidBefore) {
  const AttemptScratch attempt;
  Writer writer(attempt);
  for (int i = 0; i < 10; ++i) writer.out(std::to_string(i), i);
  auto log = MergedLog::open(attempt.path());
  log->seek_since(at(8));
  EXPECT_EQ(chunks(*log), "1:8 1:9");
  auto later = MergedLog::open(attempt.path());
  later->seek_since(at(20));
  EXPECT_EQ(chunks(*later), "");
  writer.err("new", 21);
  EXPECT_EQ(chunks(*later), "2:new");
}

TEST(LogLines, KeepTheStreamsOutOfEachOthersLines) {
  LogLines reader;
  std::deque<LogLine> lines;
  reader.add({LogStream::Stdout, at(1), "half "}, lines);
  reader.add({LogStream::Stderr, at(2), "error\nmore"}, lines);
  reader.add({LogStream::Stdout, at(3), "line\nnext\n\n"}, lines);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].text, "error");
  EXPECT_EQ(lines[0].stream, LogStream::Stderr);
  EXPECT_EQ(lines[1].text, "half line");
  EXPECT_EQ(lines[1].at, at(1));
  EXPECT_EQ(lines[2].text, "next");
  EXPECT_EQ(lines[2].at, at(3));
  EXPECT_EQ(lines[3].text, "");
  reader.finish(lines);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[4].text, "more");
  reader.finish(lines);
  EXPECT_EQ(lines.size(), 5u);
}

TEST(LogLines, CutALineThatNeverEnds) {
  LogLines reader;
  std::deque<LogLine> lines;
  for (int i = 0; i < 5; ++i) reader.add({LogStream::Stdout, {}, std::string(400'000, 'x')}, lines);
  reader.finish(lines);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].text.size() + lines[1].text.size(), 2'000'000u);
}

TEST(LastLogLines, AreTheLastOfBothStreams) {
  const AttemptScratch attempt;
  Writer writer(attempt);
  for (int i = 0; i < 5000; ++i) {
    if (i % 5 == 0) writer.err(std::to_string(i) + "\n");
    if (i % 5 != 0) writer.out(std::to_string(i) + "\n");
  }
  writer.out("unfinished");
  EXPECT_EQ(tail(attempt, 4), "4997|4998|4999|unfinished");
  EXPECT_EQ(tail(attempt, 1), "unfinished");
  EXPECT_EQ(tail(attempt, 0), "");
  EXPECT_EQ(last_log_lines(attempt.path(), 100'000, 1 << 20).size(), 5001u);
}

TEST(LastLogLines, ReadNoMoreThanTheyMay) {
  const AttemptScratch attempt;
  Writer writer(attempt);
  writer.out(std::string(1'000'000, 'x') + "\n");
  writer.out("a\nb\nc\n");
  EXPECT_EQ(tail(attempt, 2, 1000), "b|c");
  const auto lines = last_log_lines(attempt.path(), 50, 1000);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_LT(lines[0].text.size(), 1000u);
}

TEST(LastLogLines, ComeWithoutAnIndexToo) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "a\nb\n");
  attempt.write("stderr.log", "c\nd\n");
  EXPECT_EQ(tail(attempt, 3), "b|c|d");
  attempt.write("log.idx", "");
  EXPECT_EQ(tail(attempt, 3), "b|c|d");
  EXPECT_TRUE(last_log_lines(attempt.path() / "none", 3, 1000).empty());
}

}  // namespace
}  // namespace studyctl
