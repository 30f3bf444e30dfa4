#include "base/linked_file.h"

#include <gtest/gtest.h>

#include "base/fd.h"
#include "base/temporary_directory.h"

namespace studyctl {
namespace {

// As a cluster mounts a Secret: token -> ..data/token, ..data -> ..2026_11_22/
TEST(LinkedFile, IsReadBehindTheLinksOfACluster) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "..2026_11_22");
  ASSERT_TRUE(write_file_atomically(directory.path() / "..2026_11_22" / "token", "secret"));
  std::filesystem::create_directory_symlink("..2026_11_22", directory.path() / "..data");
  std::filesystem::create_symlink("..data/token", directory.path() / "token");
  const auto token = read_linked_file(directory.path() / "token");
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(*token, "secret");
  EXPECT_FALSE(read_file(directory.path() / "token"));
}

TEST(LinkedFile, ThatIsNotThereIsNotFoundByItsOwnName) {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink("nowhere", directory.path() / "link");
  const auto read = read_linked_file(directory.path() / "link");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::NotFound);
  EXPECT_NE(read.error().message.find("/link: "), std::string::npos) << read.error().message;
}

TEST(LinkedFile, IsNoDirectoryAndNoDevice) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(read_linked_file(directory.path()));
  EXPECT_FALSE(read_linked_file("/dev/zero"));
}

}  // namespace
}  // namespace studyctl
