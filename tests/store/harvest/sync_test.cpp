#include "store/harvest/sync.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

TEST(SyncAll, SyncsFewFilesAndMany) {
  const AttemptScratch attempt;
  attempt.write("a/b/c", "text");
  EXPECT_TRUE(sync_all({{attempt.path()}, {attempt.path().parent_path(), false}}));
  for (int i = 0; i < 200; ++i) attempt.write("many/" + std::to_string(i), "text");
  EXPECT_TRUE(sync_all({{attempt.path()}}));
  EXPECT_TRUE(sync_all({}));
}

TEST(SyncAll, PassesOverPipesAndLinks) {
  const AttemptScratch attempt;
  ASSERT_EQ(mkfifo((attempt.path() / "pipe").c_str(), 0600), 0);
  attempt.link("out", attempt.outside());
  attempt.link("dangling", "none");
  EXPECT_TRUE(sync_all({{attempt.path()}}));
}

TEST(SyncAll, TellsWhenThereIsNothing) {
  const AttemptScratch attempt;
  EXPECT_EQ(sync_all({{attempt.path()}, {"/nonexistent/attempt"}}).error().code, ErrorCode::NotFound);
}

TEST(TreeSize, IsWhatTheFilesTakeOnDisk) {
  const AttemptScratch attempt;
  const uint64_t empty = tree_size(attempt.path());
  attempt.write("deep/a", std::string(1'000'000, 'x'));
  const uint64_t one = tree_size(attempt.path());
  EXPECT_GE(one, empty + 1'000'000);
  EXPECT_LT(one, empty + 1'100'000);
  std::filesystem::create_hard_link(attempt.path() / "deep/a", attempt.path() / "b");
  attempt.link("link", "deep/a");
  attempt.write("sparse", "");
  std::filesystem::resize_file(attempt.path() / "sparse", 1u << 30);
  EXPECT_LT(tree_size(attempt.path()), one + 100'000);
  EXPECT_EQ(tree_size("/nonexistent"), 0u);
}

}  // namespace
}  // namespace studyctl
