#include "base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

class Files : public testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
  size_t entries() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_.path())) ++count;
    return count;
  }

  TemporaryDirectory directory_;
};

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

TEST(Fd, ClosesWhatItOwns) {
  int number = -1;
  {
    const Fd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = fd.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, ClosesWhatItHeldWhenItIsGivenAnother) {
  Fd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Fd second(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int old = first.get();
  const int moved = second.get();
  first = std::move(second);
  EXPECT_EQ(first.get(), moved);
  EXPECT_FALSE(is_open(old));
  EXPECT_TRUE(is_open(moved));
}

TEST(ErrnoError, SaysWhatTheSystemSaid) {
  errno = ENOSPC;
  const Error full = errno_error("status.json");
  EXPECT_EQ(full.code, ErrorCode::Unavailable);
  EXPECT_EQ(full.message, "status.json: No space left on device");
  errno = ENOENT;
  EXPECT_EQ(errno_error("x").code, ErrorCode::NotFound);
}

TEST_F(Files, WhatCannotBeReadIsEmptyAndNoException) {
  EXPECT_NE(read_or_empty("/proc/self/comm"), "");
  EXPECT_EQ(read_or_empty("/proc/self/mem"), "");  // opens, and fails when it is read
  EXPECT_EQ(read_or_empty("/proc/self/nothing"), "");
}

TEST_F(Files, WhatIsWrittenIsReadBack) {
  const std::string bytes = std::string("a\0b", 3) + std::string(200'000, 'x');
  ASSERT_TRUE(write_file_atomically(path("file"), bytes, 0600));
  EXPECT_EQ(*read_file(path("file")), bytes);
  struct stat status {};
  ASSERT_EQ(stat(path("file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(Files, ReplacingLeavesNothingBeside) {
  ASSERT_TRUE(write_file_atomically(path("file"), "old"));
  ASSERT_TRUE(write_file_atomically(path("file"), "new"));
  EXPECT_EQ(*read_file(path("file")), "new");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, AFailedReplacementLeavesTheOldAndNothingBeside) {
  std::filesystem::create_directory(path("taken"));
  const Result<void> written = write_file_atomically(path("taken"), "new");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::Unavailable);
  EXPECT_NE(written.error().message.find("taken"), std::string::npos);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, AMissingDirectoryIsNotFound) {
  EXPECT_EQ(write_file_atomically(path("no/file"), "x").error().code, ErrorCode::NotFound);
  EXPECT_EQ(sync_directory(path("no")).error().code, ErrorCode::NotFound);
}

TEST_F(Files, AMissingFileIsNotFound) {
  EXPECT_EQ(read_file(path("file")).error().code, ErrorCode::NotFound);
}

TEST_F(Files, AFileOverTheLimitIsRefused) {
  ASSERT_TRUE(write_file_atomically(path("file"), "12345"));
  EXPECT_TRUE(read_file(path("file"), 5));
  EXPECT_EQ(read_file(path("file"), 4).error().code, ErrorCode::Invalid);
}

TEST_F(Files, ASymbolicLinkIsNotFollowed) {
  ASSERT_TRUE(write_file_atomically(path("file"), "secret"));
  std::filesystem::create_symlink(path("file"), path("link"));
  const Result<std::string> content = read_file(path("link"));
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, ErrorCode::Invalid);
  EXPECT_NE(content.error().message.find("symbolic link"), std::string::npos);
}

TEST_F(Files, APipeADeviceAndADirectoryAreRefusedAtOnce) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  for (const std::filesystem::path& odd :
       {path("pipe"), std::filesystem::path("/dev/zero"), directory_.path()}) {
    const Result<std::string> content = read_file(odd);
    ASSERT_FALSE(content) << odd;
    EXPECT_EQ(content.error().code, ErrorCode::Invalid) << odd;
  }
}

TEST_F(Files, WriteAllSaysThatItCannotWrite) {
  const Fd read_only(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Result<void> written = write_all(read_only.get(), "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace studyctl
