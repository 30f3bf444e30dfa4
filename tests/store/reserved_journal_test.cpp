#include "store/reserved_journal.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

// A journal on a disk that is full when the test says so.
struct FullJournal final : Journal {
  void append(const Event&) override {}
  Result<void> commit() override {
    ++commits;
    if (is_full) return Error{ErrorCode::Unavailable, "no space left on device"};
    return {};
  }
  bool disk_full() const override { return is_full; }
  Result<void> replay(const std::function<void(const Event&)>&) override { return {}; }

  bool is_full = false;
  int commits = 0;
};

struct ReservedJournalTest : testing::Test {
  TemporaryDirectory directory;
  Reserve reserve{directory.path() / "reserve"};
  FullJournal inner;
  ReservedJournal journal{inner, reserve};
};

TEST_F(ReservedJournalTest, AFullDiskGivesTheReserveFree) {
  ASSERT_TRUE(reserve.fill());
  inner.is_full = true;
  EXPECT_FALSE(journal.commit());
  EXPECT_TRUE(journal.disk_full());
  EXPECT_FALSE(reserve.held());
}

TEST_F(ReservedJournalTest, GoesOnWithTheReserveHeldAgain) {
  inner.is_full = true;
  EXPECT_FALSE(journal.commit());
  inner.is_full = false;
  EXPECT_TRUE(journal.commit());
  EXPECT_TRUE(reserve.held());
  EXPECT_FALSE(journal.disk_full());
}

TEST_F(ReservedJournalTest, CommitsNothingWhileTheReserveCannotBeHeld) {
  ReservedJournal homeless(inner, Reserve(directory.path() / "gone" / "reserve"));
  inner.is_full = true;
  EXPECT_FALSE(homeless.commit());
  inner.is_full = false;
  EXPECT_FALSE(homeless.commit());
  EXPECT_TRUE(homeless.disk_full());
  EXPECT_EQ(inner.commits, 1);
}

}  // namespace
}  // namespace studyctl
