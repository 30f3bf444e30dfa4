#include "store/new_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "store/small_disk.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

class NewFileTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  const fs::path file_ = directory_.path() / "params.json";
};

TEST_F(NewFileTest, IsAsItIsToBeWhateverTheUmask) {
  const mode_t before = umask(077);
  const Result<void> written = write_new_file(file_, "{}", 0644);
  umask(before);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(*read_file(file_), "{}");
  struct stat status {};
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644u);
}

TEST_F(NewFileTest, HalfAFileOfAnEarlierTryIsReplaced) {
  ASSERT_TRUE(write_new_file(file_, "{\"i\":"));
  ASSERT_TRUE(write_new_file(file_, "{\"i\":1}"));
  EXPECT_EQ(*read_file(file_), "{\"i\":1}");
}

// What a workload has put there leads nowhere.
TEST_F(NewFileTest, ALinkThatLiesThereIsReplacedAndNotFollowed) {
  const fs::path other = directory_.path() / "other";
  ASSERT_TRUE(write_new_file(other, "mine"));
  fs::create_symlink(other, file_);
  ASSERT_TRUE(write_new_file(file_, "{}"));
  EXPECT_FALSE(fs::is_symlink(file_));
  EXPECT_EQ(*read_file(file_), "{}");
  EXPECT_EQ(*read_file(other), "mine");
  fs::remove(file_);
  fs::create_symlink(directory_.path() / "nowhere", file_);
  ASSERT_TRUE(write_new_file(file_, "{}"));
  EXPECT_FALSE(fs::exists(directory_.path() / "nowhere"));
}

TEST_F(NewFileTest, NothingIsLeftOfWhatHadNoRoom) {
  SmallDisk disk;
  disk.fill();
  const fs::path file = disk.path() / "large";
  const Result<void> written = write_new_file(file, std::string(1 << 20, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::Unavailable);
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(NewFileTest, WithoutItsDirectoryItIsNotFound) {
  const Result<void> written = write_new_file(directory_.path() / "gone" / "file", "");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace studyctl
