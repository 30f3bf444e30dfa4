#include "engine/process/process_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

class ProcessLogTest : public ::testing::Test {
 protected:
  ProcessLog open() {
    auto log = ProcessLog::open(path_);
    EXPECT_TRUE(log);
    return *std::move(log);
  }
  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "processes.jsonl";
};

TEST_F(ProcessLogTest, TheNextOneKnowsWhatWasNoted) {
  {
    ProcessLog log = open();
    SupervisedProcess process{"a", "run", 5, Instant(Duration(1))};
    ASSERT_TRUE(log.note(process));
    ASSERT_TRUE(log.note({"b", "run", 6, Instant(Duration(2)), {}}));
    process.end = SupervisedEnd{true, 3, 0, Instant(Duration(4))};
    ASSERT_TRUE(log.note(process) && log.sync());
  }
  const ProcessLog log = open();
  ASSERT_EQ(log.processes().size(), 2u);
  EXPECT_EQ(log.processes().at("a").end->exit_code, 3);
  EXPECT_FALSE(log.processes().at("b").end);
}

TEST_F(ProcessLogTest, WhatIsForgottenIsKnownNoMore) {
  {
    ProcessLog log = open();
    ASSERT_TRUE(log.note({"a", "run", 5, {}, {}}));
    ASSERT_TRUE(log.forget("a"));
    ASSERT_TRUE(log.forget("never-there"));
  }
  EXPECT_TRUE(open().processes().empty());
}

// What such a process wrote may have gone with the power; on another machine, nothing has gone.
TEST_F(ProcessLogTest, HowOneEndedInAnEarlierBootOfThisMachineIsNotKnown) {
  const auto knows_its_end = [this](const MachineBoot& boot) {
    const auto log = ProcessLog::open(path_, boot);
    EXPECT_TRUE(log);
    return log->processes().at("a").end->is_known;
  };
  {
    auto log = ProcessLog::open(path_, {"here", "first"});
    ASSERT_TRUE(log);
    ASSERT_TRUE(log->note({"a", "run", 5, {}, SupervisedEnd{true, 0, 0, Instant(Duration(4))}}));
  }
  EXPECT_TRUE(knows_its_end({"here", "first"}));
  EXPECT_TRUE(knows_its_end({"elsewhere", "second"}));
  EXPECT_TRUE(knows_its_end({"here", "third"}));
  EXPECT_FALSE(knows_its_end({"here", "fourth"}));
  EXPECT_FALSE(knows_its_end({"here", "fourth"})) << "nor does the next one";
}

TEST_F(ProcessLogTest, ALogOfAnEarlierVersionIsReadAsItIs) {
  { ASSERT_TRUE(open().note({"a", "run", 5, {}, SupervisedEnd{true, 0, 0, Instant(Duration(4))}})); }
  const std::string text = *read_file(path_);
  ASSERT_TRUE(write_file_atomically(path_, text.substr(text.find('\n') + 1)));
  EXPECT_TRUE(open().processes().at("a").end->is_known);
}

TEST_F(ProcessLogTest, ATornLastLineIsLeftOut) {
  { ASSERT_TRUE(open().note({"a", "run", 5, {}, {}})); }
  std::ofstream(path_, std::ios::app) << R"({"kind":"known","process":{"id":"b)";
  EXPECT_EQ(open().processes().size(), 1u);
  ASSERT_TRUE(open().note({"c", "run", 5, {}, {}}));
  EXPECT_EQ(open().processes().size(), 2u);
}

TEST_F(ProcessLogTest, ItDoesNotGrowWithWhatIsForgotten) {
  ProcessLog log = open();
  for (int i = 0; i < 30'000; ++i) {
    const std::string id = "a" + std::to_string(i);
    ASSERT_TRUE(log.note({id, "run", 5, {}, {}}) && log.forget(id));
  }
  EXPECT_LT(std::filesystem::file_size(path_), 2'000'000u);
}

}  // namespace
}  // namespace studyctl
