#include "store/volume_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/temporary_directory.h"
#include "store/run_events.h"

namespace studyctl {
namespace {

class VolumeLockTest : public testing::Test {
 protected:
  const LockHolder holder_{4711, "box", false, {{"nmr", kRunId}}, kStart};
  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "lock";
};

TEST_F(VolumeLockTest, TheSecondOneIsToldWhoHoldsIt) {
  const Result<VolumeLock> first = VolumeLock::take(file_, holder_);
  ASSERT_TRUE(first);
  const Result<VolumeLock> second = VolumeLock::take(file_, {1, "other", false, {{"screening", ""}}, kStart});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
  EXPECT_EQ(second.error().message,
            "the results volume is held by study nmr, pid 4711 on host box since 2026-11-22T00:00:00.000Z");
}

TEST_F(VolumeLockTest, TellsTheHolderOnlyWhileItIsHeld) {
  EXPECT_FALSE(VolumeLock::holder_of(file_));
  {
    const Result<VolumeLock> lock = VolumeLock::take(file_, holder_);
    ASSERT_TRUE(lock);
    const std::optional<LockHolder> holder = VolumeLock::holder_of(file_);
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->pid, 4711);
    ASSERT_EQ(holder->runs.size(), 1u);
    EXPECT_EQ(holder->runs[0].study, "nmr");
    EXPECT_TRUE(holder->drives(kRunId));
    EXPECT_FALSE(holder->drives("another"));
    EXPECT_EQ(holder->since, kStart);
  }
  EXPECT_FALSE(VolumeLock::holder_of(file_));
  EXPECT_TRUE(VolumeLock::take(file_, holder_));
}

TEST_F(VolumeLockTest, LookingDoesNotDropIt) {
  const Result<VolumeLock> lock = VolumeLock::take(file_, holder_);
  ASSERT_TRUE(lock);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(VolumeLock::holder_of(file_));
  EXPECT_FALSE(VolumeLock::take(file_, holder_));
}

TEST_F(VolumeLockTest, DiesWithItsHolder) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Result<VolumeLock> lock = VolumeLock::take(file_, holder_);
    if (write(ends[1], lock ? "y" : "n", 1) != 1) _exit(1);
    pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ends[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(VolumeLock::take(file_, holder_));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(VolumeLock::take(file_, holder_));
}

TEST_F(VolumeLockTest, ATornHolderStillHolds) {
  const Result<VolumeLock> lock = VolumeLock::take(file_, holder_);
  ASSERT_TRUE(lock);
  std::ofstream(file_, std::ios::trunc) << "{\"pid\": ";
  EXPECT_TRUE(VolumeLock::holder_of(file_));
  EXPECT_EQ(VolumeLock::take(file_, holder_).error().message,
            "the results volume is held by another controller");
}

TEST_F(VolumeLockTest, AShorterHolderReplacesALongerOneWhole) {
  Result<VolumeLock> lock =
      VolumeLock::take(file_, {1, std::string(100, 'h'), false, {{"long", kRunId}}, kStart});
  ASSERT_TRUE(lock);
  ASSERT_TRUE(lock->rename({2, "h", true, {{"s", ""}}, kStart}));
  EXPECT_EQ(VolumeLock::holder_of(file_)->runs[0].study, "s");
}

}  // namespace
}  // namespace studyctl
