#include "store/sqlite.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"
#include "store/small_disk.h"

namespace studyctl {
namespace {

class SqliteTest : public testing::Test {
 protected:
  std::unique_ptr<Sqlite> open(const std::filesystem::path& file, Sqlite::Mode mode = Sqlite::Mode::Write) {
    auto connection = Sqlite::open(file, mode);
    EXPECT_TRUE(connection) << connection.error().message;
    return std::move(*connection);
  }
  static Result<void> execute(Sqlite& connection, const std::string& sql) {
    connection.execute(sql);
    return connection.outcome();
  }
  static int64_t count(Sqlite& connection) {
    Rows row = connection.query("SELECT count(*) FROM t");
    EXPECT_TRUE(row.next());
    return row.integer(0);
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "test.db";
};

TEST_F(SqliteTest, ReadsBackWhatItWrote) {
  auto connection = open(file_);
  ASSERT_TRUE(execute(*connection, "CREATE TABLE t (a, b, c, d)"));
  const std::string text("with\0a null, and ünïcode", 25);
  connection->run("INSERT INTO t VALUES (?, ?, ?, ?)", int64_t{1} << 60, 0.1, text, nullptr);
  Rows row = connection->query("SELECT a, b, c, d FROM t");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), int64_t{1} << 60);
  EXPECT_EQ(row.real(1), 0.1);
  EXPECT_EQ(row.text(2), text);
  EXPECT_TRUE(row.is_null(3));
  EXPECT_FALSE(row.next());
}

TEST_F(SqliteTest, AnEmptyTextIsNoNull) {
  auto connection = open(file_);
  ASSERT_TRUE(execute(*connection, "CREATE TABLE t (a TEXT NOT NULL)"));
  connection->run("INSERT INTO t VALUES (?)", std::string_view());
  EXPECT_TRUE(connection->outcome());
}

TEST_F(SqliteTest, WhatIsNotCommittedIsRolledBack) {
  auto connection = open(file_);
  ASSERT_TRUE(execute(*connection, "CREATE TABLE t (a)"));
  {
    const Transaction transaction(*connection);
    connection->run("INSERT INTO t VALUES (1)");
    ASSERT_TRUE(connection->outcome());
  }
  EXPECT_EQ(count(*connection), 0);
  Transaction transaction(*connection);
  connection->run("INSERT INTO t VALUES (1)");
  ASSERT_TRUE(transaction.commit());
  EXPECT_EQ(count(*connection), 1);
}

TEST_F(SqliteTest, AfterAFailureNothingIsDoneUntilItIsTold) {
  auto connection = open(file_);
  ASSERT_TRUE(execute(*connection, "CREATE TABLE t (a NOT NULL); INSERT INTO t VALUES (1)"));
  Transaction transaction(*connection);
  connection->run("INSERT INTO t VALUES (?)", nullptr);
  connection->run("INSERT INTO t VALUES (2)");
  EXPECT_FALSE(connection->query("SELECT a FROM t").next());
  const Result<void> done = transaction.commit();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::Conflict) << done.error().message;
  EXPECT_TRUE(connection->outcome());
  EXPECT_EQ(count(*connection), 1);
}

TEST_F(SqliteTest, OneTextMayBeUsedWithinItself) {
  auto connection = open(file_);
  ASSERT_TRUE(execute(*connection, "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)"));
  const char* sql = "SELECT a FROM t ORDER BY a";
  Rows outer = connection->query(sql);
  ASSERT_TRUE(outer.next());
  {
    Rows inner = connection->query(sql);
    ASSERT_TRUE(inner.next());
    EXPECT_EQ(inner.integer(0), 1);
  }
  ASSERT_TRUE(outer.next());
  EXPECT_EQ(outer.integer(0), 2);
}

TEST_F(SqliteTest, AReaderSeesWhatWasCommittedWhileAWriterWrites) {
  auto writer = open(file_);
  ASSERT_TRUE(execute(*writer, "CREATE TABLE t (a); INSERT INTO t VALUES (1)"));
  auto reader = open(file_, Sqlite::Mode::Read);
  Transaction transaction(*writer);
  writer->run("INSERT INTO t VALUES (2)");
  EXPECT_EQ(count(*reader), 1);
  ASSERT_TRUE(transaction.commit());
  EXPECT_EQ(count(*reader), 2);
}

TEST_F(SqliteTest, WorksWithARollbackJournal) {
  auto connection = open(file_, Sqlite::Mode::WriteNetwork);
  ASSERT_TRUE(execute(*connection, "CREATE TABLE t (a); INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(std::filesystem::exists(file_.string() + "-wal"));
  EXPECT_EQ(count(*open(file_, Sqlite::Mode::Read)), 1);
}

TEST_F(SqliteTest, APathMayHoldWhatAnUriMayNot) {
  const auto file = directory_.path() / "100%?a#b c.db";
  ASSERT_TRUE(execute(*open(file), "CREATE TABLE t (a)"));
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(count(*open(file, Sqlite::Mode::Read)), 0);
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseNamesTheWayBack) {
  std::ofstream(file_) << std::string(4096, 'x');
  auto connection = Sqlite::open(file_, Sqlite::Mode::Write);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, ErrorCode::Unavailable);
  EXPECT_NE(connection.error().message.find("doctor --rebuild"), std::string::npos)
      << connection.error().message;
}

TEST_F(SqliteTest, ReadingWhatIsNotThereMakesNothing) {
  auto connection = Sqlite::open(file_, Sqlite::Mode::Read);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, ErrorCode::NotFound);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(SqliteTest, WhatWasWrittenIsReadOnAReadOnlyFileSystem) {
  SmallDisk disk;
  const auto file = disk.path() / "test.db";
  ASSERT_TRUE(execute(*open(file), "CREATE TABLE t (a); INSERT INTO t VALUES (1)"));
  disk.make_read_only();
  EXPECT_EQ(count(*open(file, Sqlite::Mode::Read)), 1);
}

TEST_F(SqliteTest, AFullDiskIsToldFromOtherFailures) {
  SmallDisk disk;
  auto connection = open(disk.path() / "test.db");
  ASSERT_TRUE(execute(*connection, "CREATE TABLE t (a)"));
  EXPECT_FALSE(execute(*connection, "INSERT INTO no_such_table VALUES (1)"));
  EXPECT_FALSE(connection->disk_full());
  disk.fill();
  const std::string much(1 << 20, 'x');
  {
    Transaction transaction(*connection);
    connection->run("INSERT INTO t VALUES (?)", much);
    const Result<void> done = transaction.commit();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::Unavailable);
  }
  EXPECT_TRUE(connection->disk_full());
  disk.make_room();
  connection->run("INSERT INTO t VALUES (?)", much);
  EXPECT_EQ(count(*connection), 1);
}

}  // namespace
}  // namespace studyctl
