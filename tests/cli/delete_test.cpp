#include <gtest/gtest.h>

#include <fstream>

#include "cli/applied_study.h"
#include "store/sqlite.h"
#include "store/trash.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

constexpr Instant kLater{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)};

class DeleteTest : public testing::Test {
 protected:
  Said remove(std::vector<std::string> words) {
    words.insert(words.begin(), "delete");
    return type(results_, std::move(words));
  }
  int64_t rows(const char* table) {
    auto studies = Sqlite::open(results_ / "studies.db", Sqlite::Mode::Read);
    const std::string sql = std::string("SELECT count(*) FROM ") + table;
    Rows row = (*studies)->query(sql);
    EXPECT_TRUE(row.next());
    return row.integer(0);
  }

  TemporaryDirectory home_;
  fs::path results_ = home_.path() / "results";
};

TEST_F(DeleteTest, NothingIsDeletedWithoutYes) {
  AppliedStudy study(results_);
  const Said said = remove({"study", "nmr"});
  EXPECT_EQ(said.code, 4);
  EXPECT_NE(said.err.find("nmr/2026-11-22_00-00-00"), std::string::npos) << said.err;
  EXPECT_TRUE(fs::exists(study.directory().path()));
}

TEST_F(DeleteTest, AStudyIsNotTakenForOneOfItsRuns) {
  AppliedStudy study(results_);
  const Said said = remove({"run", "nmr", "--yes"});
  EXPECT_EQ(said.code, 4);
  EXPECT_EQ(said.err,
            "studyctl: nmr is a study with 1 run: name one, as nmr/2026-11-22_00-00-00, or say `studyctl "
            "delete study nmr`\n");
  EXPECT_EQ(remove({"run", "other", "--yes"}).code, 8);
}

TEST_F(DeleteTest, ARunGoesWithItsFilesAndItsRowsAndTheOthersStay) {
  AppliedStudy first(results_);
  first.succeed(attempt_of(0));
  first.command("alice", "stop");
  first.change(RunState::Stopped);
  const int64_t events = rows("events");
  AppliedStudy second(results_, kNmr, kLater);
  second.succeed(attempt_of(0));
  second.change(RunState::Stopped);
  const Said said = remove({"run", "nmr/2026-11-23_00-00-00", "--yes"});
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_FALSE(fs::exists(second.directory().path()));
  EXPECT_TRUE(fs::exists(first.directory().path()));
  EXPECT_EQ(fs::read_symlink(results_ / "nmr/latest"), "2026-11-22_00-00-00");
  EXPECT_EQ(rows("events"), events);
  EXPECT_EQ(rows("runs"), 1);
  EXPECT_EQ(rows("jobs"), 1);
  EXPECT_EQ(rows("attempts"), 1);
  EXPECT_EQ(rows("metrics"), 1);
  EXPECT_EQ(rows("commands"), 1);
  EXPECT_FALSE(has_trash(first.volume()));
}

TEST_F(DeleteTest, AStudyGoesWithAllOfItsRuns) {
  AppliedStudy first(results_);
  AppliedStudy second(results_, kNmr, kLater);
  ASSERT_TRUE(first.volume().keep_secrets(first.run_id(), "secret"));
  ASSERT_EQ(remove({"study", "nmr", "-y"}).code, 0);
  for (const char* table :
       {"studies", "runs", "events", "experiments", "repetitions", "attempts", "checkpoints"})
    EXPECT_EQ(rows(table), 0) << table;
  EXPECT_FALSE(fs::exists(results_ / "nmr"));
  EXPECT_FALSE(first.volume().secrets(first.run_id()));
}

TEST_F(DeleteTest, WhatAUserPutBesideTheRunsStays) {
  AppliedStudy study(results_);
  std::ofstream(results_ / "nmr/notes.txt") << "mine";
  ASSERT_EQ(remove({"study", "nmr", "-y"}).code, 0);
  EXPECT_TRUE(fs::exists(results_ / "nmr/notes.txt"));
}

TEST_F(DeleteTest, IsRefusedWhileAControllerHoldsTheVolume) {
  AppliedStudy study(results_);
  const auto lock = study.volume().lock({1, "box", false, {{"nmr", study.run_id()}}});
  ASSERT_TRUE(lock);
  EXPECT_EQ(remove({"study", "nmr", "-y"}).code, 6);
  EXPECT_TRUE(fs::exists(study.directory().path()));
}

TEST_F(DeleteTest, RowsOfARunWhoseFilesAreGoneCanGoToo) {
  AppliedStudy study(results_);
  fs::remove_all(study.directory().path());
  EXPECT_EQ(remove({"run", study.run_id(), "-y"}).code, 0);
  EXPECT_EQ(rows("runs"), 0);
}

TEST_F(DeleteTest, WhatIsNotThereIsNotFound) {
  AppliedStudy study(results_);
  EXPECT_EQ(remove({"study", "nmx", "-y"}).code, 8);
  EXPECT_EQ(remove({"run", "nmr/none", "-y"}).code, 8);
}

}  // namespace
}  // namespace studyctl
