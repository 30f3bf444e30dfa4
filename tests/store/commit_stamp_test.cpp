#include "store/commit_stamp.h"

#include <gtest/gtest.h>

#include <set>

#include "base/temporary_directory.h"
#include "store/sqlite.h"

namespace studyctl {
namespace {

class CommitStampTest : public testing::TestWithParam<Sqlite::Mode> {
 protected:
  std::unique_ptr<Sqlite> open() const { return *Sqlite::open(file_, GetParam()); }
  int64_t read() const {
    const auto reader = *Sqlite::open(file_, Sqlite::Mode::Read);
    Rows rows = reader->query("SELECT count(*) FROM t");
    return rows.next() ? rows.integer(0) : -1;
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "a.db";
};

TEST_P(CommitStampTest, IsAnotherAfterEveryCommitAndTheSameBetween) {
  EXPECT_EQ(commit_stamp(file_), "");
  auto writer = open();
  writer->execute("CREATE TABLE t (i)");
  std::set<std::string> seen{commit_stamp(file_)};
  for (int i = 0; i < 200; ++i) {
    writer->execute("INSERT INTO t VALUES (1)");
    EXPECT_TRUE(seen.insert(commit_stamp(file_)).second) << i;
    EXPECT_EQ(read(), i + 1);
    EXPECT_FALSE(seen.insert(commit_stamp(file_)).second) << i;
  }
  ASSERT_TRUE(writer->outcome());
}

TEST_P(CommitStampTest, IsAnotherWhoeverComesAndGoes) {
  open()->execute("CREATE TABLE t (i)");
  for (int i = 0; i < 5; ++i) {
    read();
    const std::string before = commit_stamp(file_);
    open()->execute("INSERT INTO t VALUES (1)");
    EXPECT_NE(commit_stamp(file_), before);
    open()->execute("PRAGMA wal_checkpoint(TRUNCATE)");
    const std::string between = commit_stamp(file_);
    open()->execute("INSERT INTO t VALUES (1)");
    EXPECT_NE(commit_stamp(file_), between);
  }
}

INSTANTIATE_TEST_SUITE_P(Everywhere, CommitStampTest,
                         testing::Values(Sqlite::Mode::Write, Sqlite::Mode::WriteNetwork));

}  // namespace
}  // namespace studyctl
