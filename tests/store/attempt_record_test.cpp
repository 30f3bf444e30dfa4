#include "store/attempt_record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/temporary_directory.h"
#include "store/run_events.h"

namespace studyctl {
namespace {

AttemptRecord failed_record() {
  AttemptRecord record;
  record.key = attempt_of(7, 2, 3);
  record.study = "nmr";
  record.run_id = kRunId;
  record.experiment = "water-7";
  record.identity = std::string(64, 'a');
  record.parameters = R"({"molecule":"water"})";
  record.seed = 42;
  record.reason = Reason::OOMKilled;
  record.verdict = Verdict::Retry;
  record.counted = false;
  record.exit_code = 137;
  record.signal = 9;
  record.message = "killed by the kernel: out of memory";
  record.failure = FailureRecord{"MemoryError", "cannot allocate", "line 1\nline 2", {"last", "lines"}};
  record.intended_at = kStart;
  record.started_at = kStart + Duration(100);
  record.finished_at = kStart + Duration(2600);
  record.duration = Duration(2500);
  record.engine = "Docker 20.10.24 (API 1.41)";
  record.endpoint = "unix:///var/run/docker.sock";
  record.host = "box";
  record.container = "c0ffee";
  record.image = "acme/x:1";
  record.image_digest = "sha256:1";
  record.devices = {"GPU 0"};
  record.cpus = "0-3";
  record.cores = 2.5;
  record.versions = {{"kernel", "6.1"}};
  record.metrics = {{"energy", -76.5, "Eh"}, {"gone", std::nan(""), ""}};
  record.warnings = {"a warning"};
  record.conditions.samples = 3;
  record.conditions.own_cores = 1.5;
  record.conditions.cpu_seconds = 2.25;
  record.conditions.memory_peak = 1 << 20;
  record.conditions.temperature_max = 71.5;
  record.conditions.gpus = {{"GPU-1", 91, 250.5, 5000, 1500, std::nullopt, 0.5, {"hardware thermal"}, 1}};
  record.conditions.flags = {"throttled"};
  record.conditions.disturbances = {"throttled: GPU-1 hardware thermal"};
  record.memory_bytes = int64_t{16} << 20;
  record.run_timeout = Duration(45'000);
  record.grown = {int64_t{32} << 20, Duration(90'500)};
  return record;
}

TEST(AttemptRecord, ReadsBackWhatItWrote) {
  const AttemptRecord record = failed_record();
  const Result<AttemptRecord> read = attempt_from_json(to_json(record));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->key, record.key);
  EXPECT_EQ(read->reason, Reason::OOMKilled);
  EXPECT_EQ(read->verdict, Verdict::Retry);
  EXPECT_FALSE(read->counted);
  EXPECT_EQ(read->signal, 9);
  ASSERT_TRUE(read->failure);
  EXPECT_EQ(read->conditions, record.conditions);
  EXPECT_EQ(read->memory_bytes, record.memory_bytes);
  EXPECT_EQ(read->run_timeout, record.run_timeout);
  EXPECT_EQ(read->grown, record.grown);
  EXPECT_EQ(read->failure->traceback, "line 1\nline 2");
  EXPECT_EQ(read->failure->last_lines, record.failure->last_lines);
  EXPECT_EQ(read->started_at, record.started_at);
  EXPECT_EQ(read->duration, record.duration);
  EXPECT_EQ(read->cores, 2.5);
  EXPECT_EQ(read->metrics[0].unit, "Eh");
  EXPECT_TRUE(std::isnan(read->metrics[1].value));
  EXPECT_EQ(to_json(*read), to_json(record));
}

TEST(AttemptRecord, ASmoothOneHasNoFailure) {
  AttemptRecord record;
  record.parameters = "{}";
  const Result<AttemptRecord> read = attempt_from_json(to_json(record));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->failure);
  EXPECT_FALSE(read->started_at);
  EXPECT_EQ(read->verdict, Verdict::Succeeded);
}

TEST(AttemptRecord, BrokenBytesOfAWorkloadDoNotBreakIt) {
  AttemptRecord record = failed_record();
  record.failure->message = "\xff\xfe";
  EXPECT_TRUE(attempt_from_json(to_json(record)));
}

TEST(AttemptRecord, IsWrittenBesideALinkThatTheWorkloadMade) {
  TemporaryDirectory directory;
  const auto victim = directory.path() / "victim";
  std::ofstream(victim) << "untouched";
  const auto files = directory.path() / "attempt-3";
  std::filesystem::create_directory(files);
  std::filesystem::create_symlink(victim, files / "attempt.json");
  EXPECT_FALSE(read_attempt(files)) << "a link is not followed";
  ASSERT_TRUE(write_attempt(files, failed_record()));
  EXPECT_EQ(read_attempt(files)->container, "c0ffee");
  std::string text;
  std::ifstream stream(victim);
  std::getline(stream, text);
  EXPECT_EQ(text, "untouched");
}

TEST(AttemptRecord, ATornOneIsInvalid) {
  const std::string json = to_json(failed_record());
  EXPECT_EQ(attempt_from_json(json.substr(0, json.size() / 2)).error().code, ErrorCode::Invalid);
  EXPECT_EQ(attempt_from_json("{}").error().code, ErrorCode::Invalid);
}

}  // namespace
}  // namespace studyctl
