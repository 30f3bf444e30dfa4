#include "store/publisher.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "base/temporary_directory.h"
#include "store/killed_child.h"
#include "store/progress_line.h"
#include "store/result_row.h"
#include "store/results_csv.h"
#include "store/run_events.h"
#include "store/small_disk.h"
#include "store/sqlite_journal.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;
using Checkpoints = std::map<std::string, Checkpoint>;

std::string content_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class PublisherTest : public testing::Test {
 protected:
  Publisher open(const Checkpoints& checkpoints = {}) {
    Result<Publisher> publisher = Publisher::open(directory_.path(), checkpoints, facts_of);
    EXPECT_TRUE(publisher) << publisher.error().message;
    return std::move(*publisher);
  }
  // All that `story` says, as files of an undisturbed run.
  void publish(Publisher& publisher, const std::vector<Event>& events) {
    for (const Event& event : events) publisher.publish(event);
    const Result<void> done = publisher.flush();
    EXPECT_TRUE(done) << done.error().message;
  }
  std::string progress() { return content_of(directory_.path() / "progress.jsonl"); }
  std::string results() { return content_of(directory_.path() / "results.jsonl"); }
  std::string csv() { return content_of(directory_.path() / "results.csv"); }

  TemporaryDirectory directory_;
};

RunEvents story_of_a_run() {
  RunEvents story;
  story.begin(10);
  for (uint64_t i = 0; i < 5; ++i) story.succeed(attempt_of(i));
  story.fail(attempt_of(5), Reason::Timeout, Verdict::Retry);
  story.fail(attempt_of(5, 1, 2), Reason::Error, Verdict::Failed);
  story.add(CommandAccepted{"uid 0", "retry"});
  story.add(RepetitionReset{{1, 5, 1}});
  for (uint64_t i = 6; i < 9; ++i) story.succeed(attempt_of(i));
  story.add(RunStateChanged{RunState::CompletedWithFailures, "1 failed"});
  return story;
}

TEST_F(PublisherTest, ALinePerTransitionSaysWhatHappened) {
  RunEvents story;
  story.begin(2, 3);
  story.fail(attempt_of(1, 2), Reason::Timeout, Verdict::Failed);
  story.add(RepetitionReset{{1, 1, 2}});
  Publisher publisher = open();
  publish(publisher, story.all);
  const std::vector<std::string> lines = lines_of(directory_.path() / "progress.jsonl");
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[1],
            R"({"seq":2,"at":"2026-11-22T00:00:02.000Z","experiment":null,"from":"Pending","to":"Running",)"
            R"("reason":null,"duration_seconds":null})");
  EXPECT_EQ(
      lines[4],
      R"({"seq":6,"at":"2026-11-22T00:00:06.000Z","experiment":"water-0000000000000001","cycle":2,"attempt":1,)"
      R"("from":"Running","to":"Failed","reason":"Timeout","duration_seconds":2.5,"generation":1,"index":1})");
  const Result<ProgressLine> reset = progress_from_json(lines[5]);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->attempt, 0u);
  EXPECT_EQ(reset->from, "Failed");
  EXPECT_EQ(reset->to, "Waiting");
  const Result<ProgressLine> plan = progress_from_json(lines[0]);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->experiments, 2u);
  EXPECT_EQ(plan->cycles, 3u);
}

TEST_F(PublisherTest, ARowPerSucceededRepetitionAndNoOther) {
  Publisher publisher = open();
  publish(publisher, story_of_a_run().all);
  const std::vector<std::string> rows = lines_of(directory_.path() / "results.jsonl");
  ASSERT_EQ(rows.size(), 8u);
  EXPECT_EQ(rows[1], R"({"experiment":"water-0000000000000001","cycle":1,"attempt":1,)"
                     R"("parameters":{"level":1,"molecule":"water"},"metrics":{"energy":-76.5},)"
                     R"("started_at":"2026-11-22T00:00:08.000Z","finished_at":"2026-11-22T00:00:09.500Z",)"
                     R"("duration_seconds":1.5,"image_digest":"sha256:abc","devices":["GPU 0"]})");
  EXPECT_EQ(lines_of(directory_.path() / "results.csv").size(), 9u);
  EXPECT_EQ(lines_of(directory_.path() / "results.csv")[0],
            "experiment,cycle,attempt,level,molecule,started_at,finished_at,duration_seconds,energy");
  EXPECT_EQ(lines_of(directory_.path() / "results.csv")[2],
            "water-0000000000000001,1,1,1,water,2026-11-22T00:00:08.000Z,2026-11-22T00:00:09.500Z,1.5,-76.5");
}

TEST_F(PublisherTest, AnyCrashPointGivesTheSameFiles) {
  const std::vector<Event> events = story_of_a_run().all;
  {
    Publisher undisturbed = open();
    publish(undisturbed, events);
  }
  const std::string want_progress = progress(), want_results = results(), want_csv = csv();
  // The last checkpoint that was committed speaks of the first `known` events, the files of the first
  // `written`.
  for (size_t known = 0; known <= events.size(); ++known)
    for (size_t written = known; written <= events.size(); written += 3) {
      for (const char* name : {"progress.jsonl", "results.jsonl", "results.csv"})
        fs::remove(directory_.path() / name);
      Checkpoints checkpoints;
      {
        Publisher first = open();
        publish(first, {events.begin(), events.begin() + static_cast<std::ptrdiff_t>(known)});
        checkpoints = first.checkpoints();
        publish(first, {events.begin() + static_cast<std::ptrdiff_t>(known),
                        events.begin() + static_cast<std::ptrdiff_t>(written)});
      }
      std::ofstream(directory_.path() / "progress.jsonl", std::ios::app) << R"({"seq":99,"at":"20)";
      Publisher second = open(checkpoints);
      publish(second, events);
      ASSERT_EQ(progress(), want_progress) << known << " " << written;
      ASSERT_EQ(results(), want_results) << known << " " << written;
      ASSERT_EQ(csv(), want_csv) << known << " " << written;
    }
}

TEST_F(PublisherTest, AFileThatLostItsEndIsMadeAgainWhole) {
  const std::vector<Event> events = story_of_a_run().all;
  Checkpoints checkpoints;
  {
    Publisher publisher = open();
    publish(publisher, events);
    checkpoints = publisher.checkpoints();
  }
  const std::string want_progress = progress(), want_results = results(), want_csv = csv();
  for (const char* name : {"progress.jsonl", "results.jsonl", "results.csv"})
    fs::resize_file(directory_.path() / name, 100);
  Publisher publisher = open(checkpoints);
  publish(publisher, events);
  EXPECT_EQ(progress(), want_progress);
  EXPECT_EQ(results(), want_results);
  EXPECT_EQ(csv(), want_csv);
}

TEST_F(PublisherTest, WithWholeFilesNothingIsDescribedAgain) {
  const std::vector<Event> events = story_of_a_run().all;
  Publisher first = open();
  publish(first, events);
  int described = 0;
  Result<Publisher> second =
      Publisher::open(directory_.path(), first.checkpoints(), [&](const RepetitionKey& key) {
        ++described;
        return facts_of(key);
      });
  ASSERT_TRUE(second);
  publish(*second, events);
  EXPECT_EQ(described, 0);
}

TEST_F(PublisherTest, ANewColumnMakesTheTableNew) {
  RunEvents story;
  story.begin(3);
  story.succeed(attempt_of(0), {{"energy", 1, ""}});
  story.succeed(attempt_of(1), {{"energy", 2, ""}, {"force", 0.5, ""}});
  story.succeed(attempt_of(2), {{"force", 0.25, ""}});
  Publisher publisher = open();
  publish(publisher, {story.all.begin(), story.all.begin() + 6});
  publish(publisher, {story.all.begin() + 6, story.all.end()});
  const std::vector<std::string> lines = lines_of(directory_.path() / "results.csv");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_TRUE(lines[0].ends_with(",energy,force")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with(",1,")) << lines[1];
  EXPECT_TRUE(lines[2].ends_with(",2,0.5")) << lines[2];
  EXPECT_TRUE(lines[3].ends_with(",,0.25")) << lines[3];
}

TEST_F(PublisherTest, WhatIsNoNumberIsNullAndAnEmptyField) {
  RunEvents story;
  story.begin(1);
  story.succeed(attempt_of(0), {{"energy", std::nan(""), ""}, {"force", INFINITY, ""}});
  Publisher publisher = open();
  publish(publisher, story.all);
  EXPECT_NE(results().find(R"("metrics":{"energy":null,"force":null})"), std::string::npos) << results();
  EXPECT_TRUE(csv().ends_with(",,\n")) << csv();
}

TEST_F(PublisherTest, NamesAndValuesOfATableMayHoldAnything) {
  Result<Publisher> publisher = Publisher::open(directory_.path(), {}, [](const RepetitionKey& key) {
    ExperimentFacts facts = facts_of(key);
    facts.parameters = R"({"attempt":"a","note":"say \"hi\", you\nthere","x,y":[1,2]})";
    return facts;
  });
  ASSERT_TRUE(publisher);
  RunEvents story;
  story.begin(1);
  story.succeed(attempt_of(0), {{"cycle", 1, ""}, {"note", 2, ""}});
  publish(*publisher, story.all);
  const std::string want =
      "experiment,cycle,attempt,parameters.attempt,note,\"x,y\",started_at,finished_at,duration_seconds,"
      "metrics.cycle,metrics.note\n"
      "water-0000000000000000,1,1,a,\"say \"\"hi\"\", you\nthere\",\"[1,2]\",2026-11-22T00:00:04.000Z,"
      "2026-11-22T00:00:05.500Z,1.5,1,2\n";
  EXPECT_EQ(csv(), want);
  // It is found again by its columns.
  const Checkpoints checkpoints = publisher->checkpoints();
  Result<Publisher> again = Publisher::open(directory_.path(), checkpoints, facts_of);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->checkpoints(), checkpoints);
  EXPECT_EQ(csv(), want);
}

TEST_F(PublisherTest, AFullDiskTearsNothingAndLosesNothing) {
  SmallDisk disk;
  RunEvents story;
  story.begin(1000);
  for (uint64_t i = 0; i < 500; ++i) story.succeed(attempt_of(i));
  Result<Publisher> publisher = Publisher::open(disk.path(), {}, facts_of);
  ASSERT_TRUE(publisher);
  publish(*publisher, {story.all.begin(), story.all.begin() + 6});
  const std::string before = content_of(disk.path() / "progress.jsonl");
  disk.fill();
  for (size_t i = 6; i < story.all.size(); ++i) publisher->publish(story.all[i]);
  for (int tries = 0; tries < 2; ++tries) {
    EXPECT_FALSE(publisher->flush());
    for (const char* name : {"progress.jsonl", "results.jsonl", "results.csv"})
      EXPECT_TRUE(content_of(disk.path() / name).ends_with("\n")) << name;
  }
  EXPECT_EQ(content_of(disk.path() / "progress.jsonl").substr(0, before.size()), before);
  disk.make_room();
  const Result<void> done = publisher->flush();
  ASSERT_TRUE(done) << done.error().message;
  Publisher undisturbed = open();
  publish(undisturbed, story.all);
  EXPECT_EQ(content_of(disk.path() / "progress.jsonl"), progress());
  EXPECT_EQ(content_of(disk.path() / "results.jsonl"), results());
  EXPECT_EQ(content_of(disk.path() / "results.csv"), csv());
}

TEST_F(PublisherTest, AKillBetweenCommitAndLinesLosesAndRepeatsNothing) {
  const fs::path database = directory_.path() / "studies.db";
  RunEvents story;
  story.begin(100'000);
  for (uint64_t i = 0; i < 1000; ++i) story.succeed(attempt_of(i), {{"m" + std::to_string(i / 100), 1, ""}});
  ASSERT_TRUE(SqliteJournal::create(database, run_record(), facts_of));
  std::vector<Event> committed;
  for (const uint64_t reports : {1u, 3u, 25u, 60u, 90u}) {
    kill_after(reports, [&](const std::function<void()>& report) {
      Result<SqliteJournal> journal = SqliteJournal::open(database, kRunId, facts_of);
      Result<Publisher> publisher = Publisher::open(directory_.path(), *journal->checkpoints(), facts_of);
      if (!journal->replay([&](const Event& event) { publisher->publish(event); })) return;
      if (!publisher->flush()) return;
      for (size_t i = journal->last_seq(); i < story.all.size(); ++i) {
        journal->append(story.all[i]);
        if (!journal->commit()) return;
        publisher->publish(story.all[i]);
        if (!publisher->flush()) return;
        journal->set_checkpoints(publisher->checkpoints());
        report();
      }
    });
    Result<SqliteJournal> journal = SqliteJournal::open(database, kRunId, facts_of);
    ASSERT_TRUE(journal);
    Result<Publisher> publisher = Publisher::open(directory_.path(), *journal->checkpoints(), facts_of);
    ASSERT_TRUE(publisher) << publisher.error().message;
    committed.clear();
    ASSERT_TRUE(journal->replay([&](const Event& event) {
      committed.push_back(event);
      publisher->publish(event);
    }));
    ASSERT_TRUE(publisher->flush());
    TemporaryDirectory other;
    Result<Publisher> undisturbed = Publisher::open(other.path(), {}, facts_of);
    ASSERT_TRUE(undisturbed);
    publish(*undisturbed, committed);
    ASSERT_EQ(progress(), content_of(other.path() / "progress.jsonl"));
    ASSERT_EQ(results(), content_of(other.path() / "results.jsonl"));
    ASSERT_EQ(csv(), content_of(other.path() / "results.csv"));
  }
  EXPECT_GT(committed.size(), 170u);
}

TEST(ResultRow, ReadsBackWhatItWrote) {
  ResultRow row{"water-1",
                2,
                3,
                R"({"a":1e-07,"b":"x"})",
                {{"energy", 0.1, ""}, {"gone", std::nan(""), ""}},
                kStart,
                kStart + Duration(1500),
                Duration(1500),
                "sha256:1",
                {"GPU 0"},
                {"a warning"},
                "nmr/2026-11-21_00-00-00"};
  const Result<ResultRow> read = result_row_from_json(to_json_line(row));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->experiment, "water-1");
  EXPECT_EQ(read->attempt, 3u);
  EXPECT_EQ(read->source, "nmr/2026-11-21_00-00-00");
  EXPECT_EQ(read->metrics[0].value, 0.1);
  EXPECT_TRUE(std::isnan(read->metrics[1].value));
  EXPECT_EQ(read->duration, Duration(1500));
  EXPECT_EQ(read->devices, row.devices);
  EXPECT_EQ(to_json_line(*read), to_json_line(row));
  EXPECT_EQ(result_row_from_json("{}").error().code, ErrorCode::Invalid);
}

TEST(CsvField, IsQuotedOnlyWhereItMustBe) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

}  // namespace
}  // namespace studyctl
