#include "store/run_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/hash.h"
#include "base/temporary_directory.h"
#include "store/run_events.h"
#include "store/run_manifest.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

class RunDirectoryTest : public testing::Test {
 protected:
  RunDirectory create(const std::string& study = "nmr") {
    Result<RunDirectory> run =
        RunDirectory::create(directory_.path(), study, kStart + std::chrono::hours(14));
    EXPECT_TRUE(run) << run.error().message;
    return std::move(*run);
  }
  static void manifest_in(const fs::path& directory, const std::string& id) {
    EXPECT_TRUE(write_run_manifest(directory, {id, "nmr", "hash", kStart, "", "", {}, {}, {}}));
  }

  const AttemptPlace place_{"water-b3lyp-3fa9c1d2e4b50617", 1, 2};
  TemporaryDirectory directory_;
};

TEST_F(RunDirectoryTest, IsNamedAfterItsStartAndUniqueWithinASecond) {
  const RunDirectory first = create();
  EXPECT_EQ(first.path().filename(), "2026-11-22_14-00-00");
  EXPECT_EQ(first.name_in_volume(), "nmr/2026-11-22_14-00-00");
  EXPECT_EQ(fs::read_symlink(directory_.path() / "nmr" / "latest"), "2026-11-22_14-00-00");
  EXPECT_EQ(create().path().filename(), "2026-11-22_14-00-00-2");
  EXPECT_EQ(create().path().filename(), "2026-11-22_14-00-00-3");
  EXPECT_EQ(fs::read_symlink(directory_.path() / "nmr" / "latest"), "2026-11-22_14-00-00-3");
}

TEST_F(RunDirectoryTest, AnAttemptGetsItsLastNameWhenItHasEnded) {
  const RunDirectory run = create();
  const Result<fs::path> files = run.begin_attempt(place_, std::nullopt);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(*files, run.path() / "experiments/3f/water-b3lyp-3fa9c1d2e4b50617/cycle-1/attempt-2.partial");
  std::ofstream(*files / "result.json") << "{}";
  EXPECT_EQ(*run.locate(place_), *files);
  const Result<fs::path> ended = run.finish_attempt(place_, AttemptFiles::Published);
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->filename(), "attempt-2");
  EXPECT_FALSE(fs::exists(*files));
  EXPECT_EQ(fs::read_symlink(run.repetition(place_) / "result"), "attempt-2");
  EXPECT_TRUE(fs::exists(run.repetition(place_) / "result" / "result.json"));
  EXPECT_EQ(*run.locate(place_), *ended);
}

TEST_F(RunDirectoryTest, TheResultIsTheAttemptThatWasPublishedLast) {
  const RunDirectory run = create();
  for (const uint32_t attempt : {2, 3}) {
    const AttemptPlace place{place_.experiment, place_.cycle, attempt};
    ASSERT_TRUE(run.begin_attempt(place, std::nullopt));
    ASSERT_TRUE(run.finish_attempt(place, AttemptFiles::Published));
    EXPECT_EQ(fs::read_symlink(run.repetition(place) / "result"), "attempt-" + std::to_string(attempt));
  }
}

TEST_F(RunDirectoryTest, AFailedAttemptIsNeverTheResult) {
  const RunDirectory run = create();
  ASSERT_TRUE(run.begin_attempt(place_, std::nullopt));
  EXPECT_EQ(run.finish_attempt(place_, AttemptFiles::Failed)->filename(), "attempt-2.failed");
  EXPECT_FALSE(fs::exists(fs::symlink_status(run.repetition(place_) / "result")));
  EXPECT_EQ(run.locate(place_)->filename(), "attempt-2.failed");
}

TEST_F(RunDirectoryTest, EndingAgainAfterACrashDoesWhatIsMissing) {
  const RunDirectory run = create();
  ASSERT_TRUE(run.begin_attempt(place_, std::nullopt));
  ASSERT_TRUE(run.begin_attempt(place_, std::nullopt));
  // Killed between the rename and the link.
  fs::rename(run.partial(place_), run.ended(place_, AttemptFiles::Published));
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(run.finish_attempt(place_, AttemptFiles::Published));
    EXPECT_EQ(fs::read_symlink(run.repetition(place_) / "result"), "attempt-2");
  }
}

TEST_F(RunDirectoryTest, AnUnrecordedAttemptOfThatNumberStandsInNobodysWay) {
  const RunDirectory run = create();
  ASSERT_TRUE(run.begin_attempt(place_, std::nullopt));
  std::ofstream(*run.finish_attempt(place_, AttemptFiles::Published) / "old") << "";
  ASSERT_TRUE(run.begin_attempt(place_, std::nullopt));
  const Result<fs::path> ended = run.finish_attempt(place_, AttemptFiles::Published);
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_FALSE(fs::exists(*ended / "old"));
  EXPECT_EQ(std::distance(fs::directory_iterator(run.repetition(place_)), fs::directory_iterator()), 3)
      << "attempt-2, result, and the old one";
}

TEST_F(RunDirectoryTest, EndingWhatIsGoneIsAnError) {
  const RunDirectory run = create();
  EXPECT_EQ(run.finish_attempt(place_, AttemptFiles::Published).error().code, ErrorCode::NotFound);
  EXPECT_EQ(run.locate(place_).error().code, ErrorCode::NotFound);
}

TEST_F(RunDirectoryTest, FilesOfAnUnknownUserAreOpenBelowAClosedDirectory) {
  const RunDirectory run = create();
  ASSERT_TRUE(run.begin_attempt(place_, std::nullopt));
  struct stat status {};
  ASSERT_EQ(stat(run.partial(place_).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0777u);
  ASSERT_EQ(stat(run.repetition(place_).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(RunDirectoryTest, StopIsSeenAndAcknowledged) {
  const RunDirectory run = create();
  EXPECT_FALSE(run.stop_requested());
  std::ofstream(run.path() / "STOP") << "";
  EXPECT_TRUE(run.stop_requested());
  EXPECT_TRUE(run.clear_stop());
  EXPECT_FALSE(run.stop_requested());
  EXPECT_TRUE(run.clear_stop());
}

TEST_F(RunDirectoryTest, InputsAreKeptByTheirContent) {
  const RunDirectory run = create();
  const Result<std::string> name = run.keep_input("xyz");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, sha256_hex("xyz"));
  EXPECT_EQ(*run.keep_input("xyz"), *name);
  EXPECT_EQ(*run.input(*name), "xyz");
  EXPECT_EQ(run.input("../STOP").error().code, ErrorCode::Invalid);
  EXPECT_EQ(run.input(sha256_hex("other")).error().code, ErrorCode::NotFound);
}

TEST_F(RunDirectoryTest, AnInputThatWasChangedIsRefused) {
  const RunDirectory run = create();
  const Result<std::string> name = run.keep_input("xyz");
  ASSERT_TRUE(name);
  std::ofstream(run.path() / "inputs" / *name) << "changed";
  EXPECT_FALSE(run.input(*name));
  ASSERT_TRUE(run.keep_input("xyz"));
  EXPECT_EQ(*run.input(*name), "xyz");
}

TEST_F(RunDirectoryTest, AMovedRunIsFoundByItsManifest) {
  const RunDirectory run = create();
  manifest_in(run.path(), kRunId);
  const std::string recorded = run.name_in_volume();
  EXPECT_EQ(RunDirectory::find(directory_.path(), recorded, kRunId)->path(), run.path());
  fs::create_directories(directory_.path() / "elsewhere");
  fs::rename(run.path(), directory_.path() / "elsewhere" / "kept");
  const Result<RunDirectory> found = RunDirectory::find(directory_.path(), recorded, kRunId);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->name_in_volume(), "elsewhere/kept");
  EXPECT_EQ(RunDirectory::find(directory_.path(), recorded, "another").error().code, ErrorCode::NotFound);
}

TEST_F(RunDirectoryTest, OnlyDirectoriesWithAManifestAreRuns) {
  const RunDirectory run = create();
  EXPECT_TRUE(find_run_directories(directory_.path()).empty());
  manifest_in(run.path(), kRunId);
  // `latest` points at it, and is not a second one.
  EXPECT_EQ(find_run_directories(directory_.path()), std::vector<fs::path>{run.path()});
}

}  // namespace
}  // namespace studyctl
