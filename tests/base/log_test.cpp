#include "base/log.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "base/text.h"

namespace studyctl {
namespace {

class Log : public testing::Test {
 protected:
  ~Log() override { log::to_stderr(log::Level::Warning); }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines = split(*read_file(file_), '\n');
    lines.pop_back();
    return lines;
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "controller.log";
};

// With 0 for each digit.
std::string form_of(std::string text) {
  for (char& c : text) {
    if (c >= '0' && c <= '9') c = '0';
  }
  return text;
}

TEST_F(Log, WritesLinesWithTimeAndLevelAtOnce) {
  const auto opened = log::ThreadFile::open(file_, log::Level::Info);
  ASSERT_TRUE(opened);
  log::debug("too low");
  log::info("started");
  log::error("{not a format}");
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_EQ(form_of(lines()[0]), "0000-00-00T00:00:00.000Z info started");
  EXPECT_TRUE(lines()[1].ends_with("error {not a format}")) << lines()[1];
}

TEST_F(Log, HasNoControlCharacters) {
  const auto opened = log::ThreadFile::open(file_, log::Level::Info);
  ASSERT_TRUE(opened);
  log::warning("one\ntwo\x1b[31m");
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_TRUE(lines()[0].ends_with("warning one two")) << lines()[0];
}

TEST_F(Log, GoesOnBehindWhatIsThere) {
  ASSERT_TRUE(write_file_atomically(file_, "old\n"));
  const auto opened = log::ThreadFile::open(file_, log::Level::Info);
  ASSERT_TRUE(opened);
  log::info("new");
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_EQ(lines()[0], "old");
}

TEST_F(Log, EachThreadHasItsOwnFile) {
  const auto mine = log::ThreadFile::open(file_, log::Level::Info);
  ASSERT_TRUE(mine);
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([this, i] {
      const auto own = log::ThreadFile::open(file_.string() + std::to_string(i), log::Level::Info);
      for (int j = 0; j < 100; ++j) log::info("a line of " + std::to_string(i));
    });
  }
  for (std::thread& writer : writers) writer.join();
  log::info("mine");
  ASSERT_EQ(lines().size(), 1u);
  for (int i = 0; i < 4; ++i) {
    const std::vector<std::string> theirs = split(*read_file(file_.string() + std::to_string(i)), '\n');
    ASSERT_EQ(theirs.size(), 101u);
    EXPECT_TRUE(theirs[99].ends_with("Z info a line of " + std::to_string(i))) << theirs[99];
  }
}

TEST_F(Log, BehindAThreadsFileComesTheProcessesLog) {
  { const auto mine = log::ThreadFile::open(file_, log::Level::Info); }
  testing::internal::CaptureStderr();
  log::warning("elsewhere");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("warning elsewhere"), std::string::npos);
  EXPECT_TRUE(lines().empty());
}

TEST_F(Log, AFileThatCannotBeOpenedIsAnErrorAndTheOldLogGoesOn) {
  const auto opened = log::ThreadFile::open(file_, log::Level::Info);
  ASSERT_TRUE(opened);
  const auto other = log::ThreadFile::open("/dev/null/controller.log", log::Level::Info);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Unavailable);
  log::info("still here");
  EXPECT_EQ(lines().size(), 1u);
}

}  // namespace
}  // namespace studyctl
