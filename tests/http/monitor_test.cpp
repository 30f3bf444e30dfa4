#include "http/monitor.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "store/process_identity.h"
#include "store/status_file.h"

namespace studyctl {
namespace {

class MonitorTest : public testing::Test {
 protected:
  void say(RunState state) {
    Status status;
    status.study = "n\"mr";
    status.run_id = "0f8fad5b";
    status.state = state;
    status.total = 12;
    status.counts.at(static_cast<size_t>(RepetitionState::Succeeded)) = 7;
    status.reasons.at(static_cast<size_t>(Reason::OOMKilled)) = 2;
    status.eta_seconds = 1.5;
    status.heartbeat_at = clock_.now();
    status.controller = this_process();
    ASSERT_TRUE(StatusFile(run_.path() / "status.json", clock_).write(status));
  }
  ApiResponse get(const std::string& path, const std::string& tag = "") {
    ApiRequest request;
    request.method = "GET";
    request.path = path;
    if (!tag.empty()) request.headers["if-none-match"] = tag;
    return routes_(request);
  }

  SystemClock clock_;
  TemporaryDirectory run_;
  Server::Answer routes_ = monitor_routes(run_.path());
};

TEST_F(MonitorTest, StatusIsNotSentTwice) {
  say(RunState::Running);
  const ApiResponse first = get("/status");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(status_from_json(first.body)->study, "n\"mr");
  ASSERT_EQ(first.headers.front().first, "ETag");
  const std::string tag = first.headers.front().second;
  EXPECT_EQ(get("/status", tag).status, 304);
  EXPECT_TRUE(get("/status", tag).body.empty());
  say(RunState::Paused);
  EXPECT_EQ(get("/status", tag).status, 200);
}

TEST_F(MonitorTest, BeforeTheRunHasAStatusItIsNotReady) {
  for (const char* path : {"/status", "/metrics", "/healthz", "/readyz", "/events"})
    EXPECT_EQ(get(path).status, 503) << path;
  say(RunState::Running);
  for (const char* path : {"/status", "/metrics", "/healthz", "/readyz"})
    EXPECT_EQ(get(path).status, 200) << path;
}

TEST_F(MonitorTest, NothingIsChangedHere) {
  ApiRequest request;
  request.method = "POST";
  request.path = "/status";
  EXPECT_EQ(routes_(request).status, 405);
  EXPECT_EQ(get("/api").status, 404);
}

TEST_F(MonitorTest, MetricsAreAsPrometheusReadsThem) {
  say(RunState::Running);
  const ApiResponse response = get("/metrics");
  EXPECT_EQ(response.type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line : {"# TYPE studyctl_run_repetitions gauge\n",
                           "studyctl_run_repetitions{study=\"n\\\"mr\",state=\"Succeeded\"} 7\n",
                           "studyctl_attempts_ended_total{study=\"n\\\"mr\",reason=\"OOMKilled\"} 2\n",
                           "studyctl_run_state{study=\"n\\\"mr\",state=\"Running\"} 1\n",
                           "studyctl_run_state{study=\"n\\\"mr\",state=\"Paused\"} 0\n",
                           "studyctl_run_remaining_seconds{study=\"n\\\"mr\",quantile=\"0.5\"} 1.5\n"})
    EXPECT_NE(response.body.find(line), std::string::npos) << line;
}

}  // namespace
}  // namespace studyctl
