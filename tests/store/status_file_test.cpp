#include "store/status_file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/temporary_directory.h"
#include "io/fake_clock.h"
#include "store/run_events.h"
#include "store/small_disk.h"

namespace studyctl {
namespace {

class StatusFileTest : public testing::Test {
 protected:
  Status status(RunState state, uint64_t completed = 0) {
    Status made;
    made.run_id = kRunId;
    made.state = state;
    made.completed = completed;
    return made;
  }

  FakeClock clock_;
  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "status.json";
  StatusFile file_{path_, clock_};
};

TEST_F(StatusFileTest, IsWrittenAtMostEvery200MillisecondsWhileItChanges) {
  EXPECT_TRUE(file_.due(RunState::Running));
  ASSERT_TRUE(file_.write(status(RunState::Running)));
  EXPECT_FALSE(file_.due(RunState::Running));
  file_.touch();
  clock_.advance(Duration(199));
  EXPECT_FALSE(file_.due(RunState::Running));
  EXPECT_EQ(file_.next_due(), clock_.steady() + Duration(1));
  clock_.advance(Duration(1));
  EXPECT_TRUE(file_.due(RunState::Running));
}

TEST_F(StatusFileTest, WithoutChangesItsHeartGoesOnBeating) {
  ASSERT_TRUE(file_.write(status(RunState::Running)));
  clock_.advance(StatusFile::kHeartbeat - Duration(1));
  EXPECT_FALSE(file_.due(RunState::Running));
  clock_.advance(Duration(1));
  EXPECT_TRUE(file_.due(RunState::Running));
}

TEST_F(StatusFileTest, AChangeOfTheRunsStateIsDueAtOnce) {
  ASSERT_TRUE(file_.write(status(RunState::Running)));
  EXPECT_TRUE(file_.due(RunState::Stopping));
  ASSERT_TRUE(file_.write(status(RunState::Stopped)));
  EXPECT_EQ(read_status(path_)->state, RunState::Stopped);
}

TEST_F(StatusFileTest, AFullDiskLeavesTheOldOneWhole) {
  SmallDisk disk;
  StatusFile file(disk.path() / "status.json", clock_);
  ASSERT_TRUE(file.write(status(RunState::Running, 1)));
  disk.fill();
  clock_.advance(Duration(200));
  file.touch();
  EXPECT_FALSE(file.write(status(RunState::Running, 2)));
  EXPECT_TRUE(file.due(RunState::Running));
  EXPECT_GT(file.next_due(), clock_.steady());  // nobody wakes for it at once, over and over
  EXPECT_EQ(read_status(disk.path() / "status.json")->completed, 1u);
  disk.make_room();
  EXPECT_TRUE(file.write(status(RunState::Running, 3)));
  EXPECT_EQ(read_status(disk.path() / "status.json")->completed, 3u);
}

TEST_F(StatusFileTest, AReaderInATightLoopNeverSeesATornOrOlderOne) {
  ASSERT_TRUE(file_.write(status(RunState::Running)));
  std::atomic<bool> done = false;
  std::atomic<uint64_t> reads = 0;
  std::thread reader([&] {
    uint64_t last = 0;
    while (!done) {
      const Result<Status> seen = read_status(path_);
      ASSERT_TRUE(seen) << seen.error().message;
      ASSERT_GE(seen->completed, last);
      last = seen->completed;
      ++reads;
    }
  });
  for (uint64_t i = 1; i <= 3000; ++i) ASSERT_TRUE(file_.write(status(RunState::Running, i)));
  ASSERT_TRUE(file_.write(status(RunState::Completed, 3001)));
  while (reads < 100) std::this_thread::yield();
  done = true;
  reader.join();
  EXPECT_EQ(read_status(path_)->completed, 3001u);
}

TEST_F(StatusFileTest, ReadingWhatIsNotThereIsNotFound) {
  EXPECT_EQ(read_status(path_).error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace studyctl
