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
  ASSERT_TRUE(log::to_file(file_, log::Level::Info));
  log::debug("too low");
  log::info("started");
  log::error("{not a format}");
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_EQ(form_of(lines()[0]), "0000-00-00T00:00:00.000Z info started");
  EXPECT_TRUE(lines()[1].ends_with("error {not a format}")) << lines()[1];
}

TEST_F(Log, HasNoControlCharacters) {
  ASSERT_TRUE(log::to_file(file_, log::Level::Info));
  log::warning("one\ntwo\x1b[31m");
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_TRUE(lines()[0].ends_with("warning one two")) << lines()[0];
}

TEST_F(Log, GoesOnBehindWhatIsThere) {
  ASSERT_TRUE(write_file_atomically(file_, "old\n"));
  ASSERT_TRUE(log::to_file(file_, log::Level::Info));
  log::info("new");
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_EQ(lines()[0], "old");
}

TEST_F(Log, KeepsLinesOfManyThreadsApart) {
  ASSERT_TRUE(log::to_file(file_, log::Level::Info));
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([] {
      for (int j = 0; j < 100; ++j) log::info("a line");
    });
  }
  for (std::thread& writer : writers) writer.join();
  ASSERT_EQ(lines().size(), 400u);
  for (const std::string& line : lines()) EXPECT_TRUE(line.ends_with("Z info a line")) << line;
}

TEST_F(Log, AFileThatCannotBeOpenedIsAnErrorAndTheOldLogGoesOn) {
  ASSERT_TRUE(log::to_file(file_, log::Level::Info));
  const Result<void> opened = log::to_file("/dev/null/controller.log", log::Level::Info);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Unavailable);
  log::info("still here");
  EXPECT_EQ(lines().size(), 1u);
}

}  // namespace
}  // namespace studyctl
