#include "control/page_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

TEST(PageCache, DropsWhatLiesBelowADirectoryAndCountsIt) {
  TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() / "a/b");
  std::ofstream(directory.path() / "a/one") << std::string(1000, 'x');
  std::ofstream(directory.path() / "a/b/two") << std::string(24, 'x');
  std::filesystem::create_symlink("/etc/passwd", directory.path() / "a/link");
  EXPECT_EQ(drop_cached_pages(directory.path()), "2 files, 1.0 KiB");
  EXPECT_EQ(drop_cached_pages(directory.path() / "a/one"), "1 file, 1000 B");
  EXPECT_EQ(drop_cached_pages(directory.path() / "nothing"), "No such file or directory");
}

}  // namespace
}  // namespace studyctl
