#include "store/harvest/group_sync.h"

#include <gtest/gtest.h>

#include <future>

#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

class GroupSyncTest : public testing::Test {
 protected:
  std::future<Result<void>> ask(std::vector<SyncItem> items) {
    const auto told = std::make_shared<std::promise<Result<void>>>();
    sync_.submit(std::move(items), [told](Result<void> synced) { told->set_value(std::move(synced)); });
    return told->get_future();
  }

  const AttemptScratch attempt_;
  Workers workers_{2};
  GroupSync sync_{workers_};
};

TEST_F(GroupSyncTest, EveryOneIsToldAlsoOfWhatIsAskedForMeanwhile) {
  std::vector<std::future<Result<void>>> all;
  for (int i = 0; i < 200; ++i) {
    attempt_.write("d" + std::to_string(i) + "/file", "text");
    all.push_back(ask({{attempt_.path() / ("d" + std::to_string(i))}, {attempt_.path(), false}}));
  }
  for (auto& each : all) EXPECT_TRUE(each.get());
}

TEST_F(GroupSyncTest, WhatCannotBeSyncedIsToldToItsOwnAlone) {
  std::promise<void> may_begin;
  const std::shared_future<void> begin = may_begin.get_future().share();
  for (int i = 0; i < 2; ++i) workers_.submit([begin] { begin.wait(); }, [] {});
  auto fine = ask({{attempt_.path()}});
  auto gone = ask({{"/nonexistent/attempt"}});
  may_begin.set_value();
  EXPECT_TRUE(fine.get());
  EXPECT_EQ(gone.get().error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace studyctl
