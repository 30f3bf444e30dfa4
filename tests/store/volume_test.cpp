#include "store/volume.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "base/temporary_directory.h"
#include "store/run_events.h"
#include "store/small_disk.h"

namespace studyctl {
namespace {

class VolumeTest : public testing::Test {
 protected:
  ResultsVolume open() {
    Result<ResultsVolume> volume = ResultsVolume::open(results_);
    EXPECT_TRUE(volume) << volume.error().message;
    return std::move(*volume);
  }
  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }

  TemporaryDirectory directory_;
  std::filesystem::path results_ = directory_.path() / "deep" / "results";
};

TEST_F(VolumeTest, GetsItsIdOnce) {
  const std::string id = open().id();
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(open().id(), id);
  EXPECT_EQ(ResultsVolume::find(results_)->id(), id);
}

TEST_F(VolumeTest, ManyThatComeAtOnceAgreeOnTheId) {
  std::filesystem::create_directories(results_);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  constexpr int kProcesses = 8;
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() != 0) continue;
    const Result<ResultsVolume> volume = ResultsVolume::open(results_);
    const std::string id = volume ? volume->id() : std::string(36, '?');
    _exit(write(ends[1], id.data(), id.size()) == 36 ? 0 : 1);
  }
  std::set<std::string> ids;
  for (int i = 0; i < kProcesses; ++i) {
    std::string id(36, ' ');
    ASSERT_EQ(read(ends[0], id.data(), id.size()), 36);
    ids.insert(id);
    wait(nullptr);
  }
  EXPECT_EQ(ids, std::set<std::string>{open().id()});
}

TEST_F(VolumeTest, KeepsItsIdWhereverItIsMovedTo) {
  const std::string id = open().id();
  const std::filesystem::path moved = directory_.path() / "moved",
                              onto_another_disk = directory_.path() / "disk";
  std::filesystem::rename(results_, moved);
  EXPECT_EQ(ResultsVolume::open(moved)->id(), id);
  std::filesystem::copy(moved, onto_another_disk, std::filesystem::copy_options::recursive);
  std::filesystem::remove_all(moved);
  EXPECT_EQ(ResultsVolume::open(onto_another_disk)->id(), id);
  std::filesystem::create_directory_symlink(onto_another_disk, moved);
  EXPECT_EQ(ResultsVolume::open(moved)->id(), id);
}

TEST_F(VolumeTest, KeepsItsIdWhereItsOldPlaceHoldsAnother) {
  const std::string id = open().id();
  const std::filesystem::path moved = directory_.path() / "moved";
  std::filesystem::rename(results_, moved);
  const std::string other = open().id();
  EXPECT_NE(other, id);
  EXPECT_EQ(ResultsVolume::open(moved)->id(), id);
  EXPECT_EQ(open().id(), other);
}

TEST_F(VolumeTest, ACopyGetsAnIdOfItsOwnAndKeepsIt) {
  const std::string id = open().id();
  const std::filesystem::path copy = directory_.path() / "copy";
  std::filesystem::copy(results_, copy, std::filesystem::copy_options::recursive);
  EXPECT_EQ(ResultsVolume::find(copy)->id(), id);  // who only reads changes nothing
  testing::internal::CaptureStderr();
  const std::string own = ResultsVolume::open(copy)->id();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find(copy.string() + ": is a copy of the results volume " + results_.string()),
            std::string::npos)
      << said;
  EXPECT_EQ(own.size(), 36u);
  EXPECT_NE(own, id);
  EXPECT_EQ(ResultsVolume::open(copy)->id(), own);
  EXPECT_EQ(ResultsVolume::find(copy)->id(), own);
  EXPECT_EQ(open().id(), id);
  const std::filesystem::path again = directory_.path() / "again";
  std::filesystem::copy(copy, again, std::filesystem::copy_options::recursive);
  EXPECT_NE(ResultsVolume::open(again)->id(), own);
}

TEST_F(VolumeTest, ItsPrivatePartIsPrivate) {
  const ResultsVolume volume = open();
  EXPECT_EQ(mode_of(volume.private_directory()), 0700u);
  EXPECT_EQ(mode_of(volume.private_directory() / "secrets"), 0700u);
}

TEST_F(VolumeTest, KeepsSecretsUntilTheyAreForgotten) {
  const ResultsVolume volume = open();
  EXPECT_EQ(volume.secrets(kRunId).error().code, ErrorCode::NotFound);
  ASSERT_TRUE(volume.keep_secrets(kRunId, "token: x"));
  EXPECT_EQ(mode_of(volume.private_directory() / "secrets" / kRunId), 0600u);
  EXPECT_EQ(*open().secrets(kRunId), "token: x");
  EXPECT_TRUE(volume.forget_secrets(kRunId));
  EXPECT_TRUE(volume.forget_secrets(kRunId));
  EXPECT_EQ(volume.secrets(kRunId).error().code, ErrorCode::NotFound);
}

TEST_F(VolumeTest, ASecretsNameCannotLeaveItsDirectory) {
  const ResultsVolume volume = open();
  EXPECT_FALSE(volume.keep_secrets("../lock", "x"));
  EXPECT_EQ(volume.secrets("../volume-id").error().code, ErrorCode::NotFound);
}

TEST_F(VolumeTest, FindingMakesNothing) {
  const Result<ResultsVolume> volume = ResultsVolume::find(results_);
  ASSERT_FALSE(volume);
  EXPECT_EQ(volume.error().code, ErrorCode::NotFound);
  EXPECT_FALSE(std::filesystem::exists(results_));
}

TEST_F(VolumeTest, AReadOnlyFileSystemIsOneClearSentence) {
  std::filesystem::create_directories(results_);
  const Result<void> refused = [&]() -> Result<void> {
    if (mount("tmpfs", results_.c_str(), "tmpfs", MS_RDONLY, nullptr) != 0) {
      // Without the right to mount: a directory that refuses is the next best.
      chmod(results_.c_str(), 0500);
    }
    Result<ResultsVolume> volume = ResultsVolume::open(results_);
    umount2(results_.c_str(), MNT_DETACH);
    if (!volume) return std::move(volume).error();
    return {};
  }();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(refused.error().message.find(results_.string()), 0u);
  EXPECT_NE(refused.error().message.find("--results DIR"), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
}

TEST_F(VolumeTest, AFileInItsPlaceIsInvalid) {
  std::filesystem::create_directories(results_.parent_path());
  std::ofstream(results_) << "not a directory";
  const Result<ResultsVolume> volume = ResultsVolume::open(results_);
  ASSERT_FALSE(volume);
  EXPECT_EQ(volume.error().code, ErrorCode::Invalid) << volume.error().message;
}

TEST_F(VolumeTest, ADamagedIdIsNamedAndNotReplaced) {
  const ResultsVolume volume = open();
  const auto file = volume.private_directory() / "volume-id";
  std::ofstream(file, std::ios::trunc) << "torn";
  const Result<ResultsVolume> again = ResultsVolume::open(results_);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find(file.string()), std::string::npos);
}

TEST_F(VolumeTest, TheDatabaseMayLieElsewhere) {
  const auto state = directory_.path() / "state";
  const Result<ResultsVolume> volume = ResultsVolume::open(results_, state);
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->database(), state / "studies.db");
  EXPECT_EQ(open().database(), volume->root() / "studies.db");
}

TEST_F(VolumeTest, TheReserveMakesRoomOnAFullDisk) {
  SmallDisk disk;
  results_ = disk.path();
  const ResultsVolume volume = open();
  const Reserve reserve = volume.reserve();
  EXPECT_FALSE(reserve.held());
  ASSERT_TRUE(reserve.fill());
  ASSERT_TRUE(reserve.fill());
  EXPECT_TRUE(reserve.held());
  disk.fill();
  const std::string text(1 << 20, 'x');
  EXPECT_FALSE(volume.keep_secrets(kRunId, text));
  reserve.release();
  EXPECT_FALSE(reserve.held());
  EXPECT_TRUE(volume.keep_secrets(kRunId, text));
  EXPECT_FALSE(reserve.fill());
  EXPECT_FALSE(reserve.held());
  disk.make_room();
  EXPECT_TRUE(reserve.fill());
}

}  // namespace
}  // namespace studyctl
