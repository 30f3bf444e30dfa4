#include "store/status.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "store/run_events.h"

namespace studyctl {
namespace {

Status full_status() {
  Status status;
  status.study = "nmr";
  status.run_id = kRunId;
  status.state = RunState::Running;
  status.state_reason = "resumed";
  status.started_at = kStart;
  status.updated_at = kStart + std::chrono::minutes(1);
  status.total = 10;
  status.completed = 3;
  status.failed = 1;
  status.counts[static_cast<size_t>(RepetitionState::Succeeded)] = 3;
  status.reasons[static_cast<size_t>(Reason::OOMKilled)] = 1;
  status.current = {
      {"water-1", R"({"level":1})", 1, 2, RepetitionState::Running, "GPU 0", kStart, 0.25, "epoch 3"},
      {"water-2", R"({"level":2})", 1, 1, RepetitionState::Starting, "", {}, {}, "pulls the image"}};
  status.failures = {{"water-0", R"({"level":0})", 1, Reason::OOMKilled, "killed", kStart}};
  status.cooldown_until = kStart + std::chrono::minutes(2);
  status.avg_duration_seconds = 1.5;
  status.eta_seconds = 9;
  status.waiting_for = {"2 of 2 run: parallelism is 2"};
  status.controller = this_process();
  status.heartbeat_at = status.updated_at;
  return status;
}

TEST(Status, ReadsBackWhatItWrote) {
  const Status status = full_status();
  const Result<Status> read = status_from_json(to_json(status));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->run_id, kRunId);
  EXPECT_EQ(read->state, RunState::Running);
  EXPECT_EQ(read->started_at, kStart);
  EXPECT_EQ(read->finished_at, std::nullopt);
  EXPECT_EQ(read->counts, status.counts);
  EXPECT_EQ(read->reasons, status.reasons);
  ASSERT_EQ(read->current.size(), 2u);
  EXPECT_EQ(read->current[0].progress, 0.25);
  EXPECT_EQ(read->current[0].parameters, R"({"level":1})");
  EXPECT_EQ(read->current[1].state, RepetitionState::Starting);
  ASSERT_EQ(read->failures.size(), 1u);
  EXPECT_EQ(read->failures[0].reason, Reason::OOMKilled);
  EXPECT_EQ(read->cooldown_until, status.cooldown_until);
  EXPECT_EQ(read->eta_seconds, 9);
  EXPECT_EQ(read->waiting_for, status.waiting_for);
  EXPECT_EQ(read->controller, status.controller);
  EXPECT_EQ(to_json(*read), to_json(status));
}

// Not a validator: what is promised and what is written must name the same fields and words.
TEST(Status, HasTheFieldsAndWordsOfItsSchema) {
  std::ifstream file(std::string(SOURCE_DIR) + "/manifests/status.schema.json");
  const auto schema = nlohmann::json::parse(file);
  const auto status = nlohmann::json::parse(to_json(full_status()));
  const auto names = [](const nlohmann::json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
  };
  const auto& properties = schema["properties"];
  const auto words = [](const nlohmann::json& list) { return list.get<std::set<std::string>>(); };
  EXPECT_EQ(names(status), names(properties));
  EXPECT_EQ(names(status), words(schema["required"]));
  EXPECT_EQ(names(status["counts"]), words(properties["counts"]["propertyNames"]["enum"]));
  EXPECT_EQ(names(status["reasons"]), words(schema["$defs"]["reason"]["enum"]));
  EXPECT_EQ(names(status["current"][0]), words(properties["current"]["items"]["required"]));
  EXPECT_EQ(names(status["failures"][0]), words(properties["failures"]["items"]["required"]));
  std::set<std::string> states;
  for (size_t i = 0; i < kRunStates; ++i) states.emplace(name_of(static_cast<RunState>(i)));
  EXPECT_EQ(states, words(properties["state"]["enum"]));
}

TEST(Status, ATornOrForeignFileIsInvalid) {
  const std::string json = to_json(full_status());
  for (const size_t length : {size_t{0}, size_t{1}, json.size() / 2, json.size() - 3})
    EXPECT_EQ(status_from_json(json.substr(0, length)).error().code, ErrorCode::Invalid) << length;
  EXPECT_EQ(status_from_json("{}").error().code, ErrorCode::Invalid);
  EXPECT_EQ(status_from_json("[1]").error().code, ErrorCode::Invalid);
}

TEST(Status, ItsSizeIsBoundedWhateverPeopleWrite) {
  Status status = full_status();
  const std::string much(1 << 16, 'x');
  status.current.assign(
      1000, {"e", "{\"a\":\"" + much + "\"}", 1, 1, RepetitionState::Running, much, kStart, 1, much});
  status.failures.assign(100, {"e", "{}", 1, Reason::Error, much, kStart});
  status.failures.back().experiment = "the last one";
  status.waiting_for.assign(100, much);
  status.state_reason = much;
  const std::string json = to_json(status);
  EXPECT_LT(json.size(), 100'000u);
  const Result<Status> read = status_from_json(json);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->current.size(), 32u);
  ASSERT_EQ(read->failures.size(), 10u);
  EXPECT_EQ(read->failures.back().experiment, "the last one");
}

TEST(Status, BrokenBytesDoNotBreakIt) {
  Status status = full_status();
  status.state_reason = "\xff\xfe broken";
  status.current[0].message = std::string(499, 'x') + "ü and more";
  EXPECT_TRUE(status_from_json(to_json(status)));
}

TEST(Status, TellsThatTheControllerIsGone) {
  Status status = full_status();
  EXPECT_EQ(liveness_of(status, kStart), Liveness::Alive);
  --status.controller.pid_started_at;
  EXPECT_EQ(liveness_of(status, kStart), Liveness::Gone) << "another process has its number now";
  ++status.controller.pid_started_at;
  const pid_t child = fork();
  if (child == 0) pause();
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  status.controller.pid = child;
  EXPECT_EQ(liveness_of(status, kStart), Liveness::Gone);
  EXPECT_EQ(shown_state(status, kStart), RunState::Interrupted);
  status.state = RunState::Completed;
  EXPECT_EQ(liveness_of(status, kStart), Liveness::Ended);
  EXPECT_EQ(shown_state(status, kStart), RunState::Completed);
  status.state = RunState::Paused;
  EXPECT_EQ(shown_state(status, kStart), RunState::Paused);
}

TEST(Status, OfAnotherHostItsHeartbeatTells) {
  Status status = full_status();
  status.controller.boot_id = "another";
  const Instant beat = status.heartbeat_at;
  EXPECT_EQ(liveness_of(status, beat + std::chrono::seconds(29)), Liveness::Alive);
  EXPECT_EQ(liveness_of(status, beat + std::chrono::seconds(31)), Liveness::Gone);
}

TEST(ProcessIdentity, KnowsItselfAndNoOther) {
  const ProcessIdentity self = this_process();
  EXPECT_EQ(self.pid, getpid());
  EXPECT_GT(self.pid_started_at, 0u);
  EXPECT_FALSE(self.boot_id.empty());
  EXPECT_TRUE(is_local(self));
  EXPECT_TRUE(is_running(self));
  ProcessIdentity other = self;
  ++other.pid_started_at;
  EXPECT_FALSE(is_running(other));
  EXPECT_FALSE(is_running({}));
}

}  // namespace
}  // namespace studyctl
