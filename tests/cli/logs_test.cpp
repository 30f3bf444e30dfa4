#include <gtest/gtest.h>

#include "cli/applied_study.h"
#include "cli/log_printer.h"

namespace studyctl {
namespace {

class LogsTest : public testing::Test {
 protected:
  Said logs(std::vector<std::string> words) {
    words.insert(words.begin(), "logs");
    return type(results_, std::move(words));
  }

  TemporaryDirectory home_;
  std::filesystem::path results_ = home_.path() / "results";
  AppliedStudy study_{results_};
};

TEST_F(LogsTest, BothStreamsComeInOrderByteForByte) {
  study_.start(attempt_of(0));
  study_.say(attempt_of(0), LogStream::Stdout, "one\n");
  study_.say(attempt_of(0), LogStream::Stderr, "\x1b[31mtwo\xff\n");
  study_.say(attempt_of(0), LogStream::Stdout, "three");
  EXPECT_EQ(logs({"nmr", study_.id(0)}).out, "one\n\x1b[31mtwo\xff\nthree");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--stdout"}).out, "one\nthree");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--stderr"}).out, "\x1b[31mtwo\xff\n");
}

TEST_F(LogsTest, TheTailCountsLines) {
  study_.start(attempt_of(0));
  for (int i = 1; i <= 100; ++i) study_.say(attempt_of(0), LogStream::Stdout, std::to_string(i) + "\n");
  study_.say(attempt_of(0), LogStream::Stderr, "oh\n");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--tail", "3"}).out, "99\n100\noh\n");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--tail", "2", "--stdout"}).out, "99\n100\n");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--tail", "0"}).out, "");
}

TEST_F(LogsTest, TimestampsStandBeforeLines) {
  study_.start(attempt_of(0));
  study_.say(attempt_of(0), LogStream::Stdout, "one\ntwo\n");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--timestamps"}).out,
            "2026-11-22T00:00:05.000Z one\n2026-11-22T00:00:05.000Z two\n");
}

TEST_F(LogsTest, ACycleAndAnAttemptCanBeNamed) {
  study_.fail(attempt_of(0), Reason::Error, Verdict::Retry);
  study_.succeed(attempt_of(0, 1, 2), 1);
  study_.succeed(attempt_of(0, 2), 2);
  EXPECT_EQ(logs({"nmr", study_.id(0)}).out, "E=2.000000\n");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--cycle", "1"}).out, "E=1.000000\n");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--cycle", "1", "--attempt", "1"}).out, "");
  EXPECT_EQ(logs({"nmr", study_.id(0), "--cycle", "3"}).code, 8);
  EXPECT_EQ(logs({"nmr", study_.id(0), "--attempt", "7"}).code, 8);
}

TEST_F(LogsTest, ManyAreToldApartByTheirExperiment) {
  study_.succeed(attempt_of(0), 1);
  study_.succeed(attempt_of(1), 2);
  study_.fail(attempt_of(2), Reason::Error);
  EXPECT_EQ(logs({"nmr"}).out,
            "[" + study_.id(0) + " c1] E=1.000000\n[" + study_.id(1) + " c1] E=2.000000\n");
  EXPECT_EQ(logs({"nmr", "-l", "charge=1"}).out, "[" + study_.id(1) + " c1] E=2.000000\n");
  EXPECT_EQ(logs({"nmr", "-l", "charge=7"}).code, 8);
}

TEST_F(LogsTest, FollowingOneEndsWithItsAttempt) {
  study_.succeed(attempt_of(0), 1);
  study_.publish_status(RunState::Running);
  EXPECT_EQ(logs({"nmr", study_.id(0), "-f"}).out, "E=1.000000\n");
}

TEST_F(LogsTest, FollowingAllShowsWhatRunsAndEndsWithTheRun) {
  study_.succeed(attempt_of(1), 1);
  study_.start(attempt_of(0));
  study_.say(attempt_of(0), LogStream::Stdout, "on\nand on");
  study_.publish_status(RunState::Stopped);
  EXPECT_EQ(logs({"nmr", "-f"}).out, "[" + study_.id(0) + " c1] on\n[" + study_.id(0) + " c1] and on\n");
  EXPECT_EQ(logs({"nmr", "-f", "--state", "Running"}).code, 4);
}

TEST(ShownLineTest, LeavesOutWhatATerminalObeys) {
  EXPECT_EQ(shown_line("\x1b[1;31mred\x1b[0m text"), "red text");
  EXPECT_EQ(shown_line("\x1b]0;title\x07"
                       "body"),
            "body");
  EXPECT_EQ(shown_line("a\tb\x07"), "a b?");
  EXPECT_EQ(shown_line("\x1b[31"), "");
  EXPECT_EQ(shown_line("\x1b"), "");
}

TEST(ShownLineTest, OfAProgressBarTheLastIsShown) {
  EXPECT_EQ(shown_line(" 10%\r 20%\r 30%\r"), " 30%");
  EXPECT_EQ(shown_line("line\r"), "line");
}

}  // namespace
}  // namespace studyctl
