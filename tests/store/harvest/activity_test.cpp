#include "store/harvest/activity.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

// Whether the fingerprint tells that `change` happened.
bool is_seen(const AttemptScratch& attempt, const std::function<void()>& change) {
  const ActivityFingerprint before = scan_activity(attempt.path());
  EXPECT_EQ(before, scan_activity(attempt.path()));
  change();
  return before != scan_activity(attempt.path());
}

TEST(ScanActivity, SeesWhatIsWrittenMadeRenamedAndRemoved) {
  const AttemptScratch attempt;
  attempt.write("stdout.log", "");
  attempt.write("deep/er/a.out", "1");
  EXPECT_TRUE(is_seen(attempt, [&] { attempt.append("stdout.log", "x"); }));
  EXPECT_TRUE(is_seen(attempt, [&] { attempt.append("deep/er/a.out", "2"); }));
  EXPECT_TRUE(is_seen(attempt, [&] { attempt.write(".progress", "{}"); }));
  EXPECT_TRUE(is_seen(attempt, [&] { std::filesystem::create_directory(attempt.path() / "deep/new"); }));
  EXPECT_TRUE(is_seen(
      attempt, [&] { std::filesystem::rename(attempt.path() / "deep/new", attempt.path() / "deep/old"); }));
  EXPECT_TRUE(is_seen(attempt, [&] { std::filesystem::remove(attempt.path() / "deep/old"); }));
  EXPECT_FALSE(is_seen(attempt, [] {}));
}

TEST(ScanActivity, SeesAFileWrittenAnewWithTheSameSizeAndAForgedTime) {
  const AttemptScratch attempt;
  attempt.write("a", "1");
  struct stat status {};
  ASSERT_EQ(stat((attempt.path() / "a").c_str(), &status), 0);
  EXPECT_TRUE(is_seen(attempt, [&] {
    attempt.write("a", "2");
    const timespec times[2] = {status.st_atim, {0, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, (attempt.path() / "a").c_str(), times, 0), 0);
  }));
}

TEST(ScanActivity, DoesNotMindThatFilesAreRead) {
  const AttemptScratch attempt;
  attempt.write("a", "1");
  EXPECT_FALSE(is_seen(attempt, [&] { all_of(attempt.open(), "a"); }));
}

TEST(ScanActivity, LooksNotThroughLinks) {
  const AttemptScratch attempt;
  attempt.link("out", attempt.path().parent_path());
  attempt.link("loop", ".");
  EXPECT_FALSE(is_seen(attempt, [&] { std::ofstream(attempt.outside()) << "changed"; }));
  EXPECT_EQ(scan_activity(attempt.path()).entries, 3u);
}

TEST(ScanActivity, IsEmptyWhereNothingIs) {
  EXPECT_EQ(scan_activity("/nonexistent"), ActivityFingerprint{});
}

TEST(ScanActivity, EndsInATreeThatIsDeeperThanAnyoneNeeds) {
  const AttemptScratch attempt;
  std::string path = "a";
  for (int i = 0; i < 200; ++i) path += "/a";
  std::filesystem::create_directories(attempt.path() / path);
  EXPECT_LE(scan_activity(attempt.path()).entries, 66u);
}

}  // namespace
}  // namespace studyctl
