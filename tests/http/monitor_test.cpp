#include "http/monitor.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "http/metrics.h"
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
  for (const char* line :
       {"# TYPE studyctl_run_repetitions gauge\n", "# TYPE process_cpu_seconds_total counter\n",
        "studyctl_run_repetitions{study=\"n\\\"mr\",state=\"Succeeded\"} 7\n",
        "studyctl_attempts_ended_total{study=\"n\\\"mr\",reason=\"OOMKilled\"} 2\n",
        "studyctl_run_state{study=\"n\\\"mr\",state=\"Running\"} 1\n",
        "studyctl_run_state{study=\"n\\\"mr\",state=\"Paused\"} 0\n",
        "studyctl_run_remaining_seconds{study=\"n\\\"mr\",percentile=\"50\"} 1.5\n"})
    EXPECT_NE(response.body.find(line), std::string::npos) << line;
}

TEST_F(MonitorTest, ThisProcessIsDescribedAsPrometheusDescribesOne) {
  say(RunState::Running);
  const std::string body = get("/metrics").body;
  const auto value_of = [&](const std::string& name) {
    const size_t line = body.find("\n" + name + " ");
    return line == std::string::npos ? -1 : std::stod(body.substr(line + name.size() + 2));
  };
  EXPECT_GT(value_of("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of("process_open_fds"), 2);
  EXPECT_GE(value_of("process_max_fds"), value_of("process_open_fds"));
  const double now = static_cast<double>(clock_.now().time_since_epoch().count()) / 1000;
  EXPECT_NEAR(value_of("process_start_time_seconds"), now, 300);
}

TEST(Counting, RoutesAreAsManyAsThereAreAndNamesOfPeopleAreNone) {
  MetricsPage page;
  Metrics metrics(page);
  const auto count = counting(metrics);
  count("/status", 304);
  count("/api/v1/studies/nmr/runs/latest/attempts", 200);
  count("/api/v1/studies/xtb/runs/2026/attempts", 200);
  count("/api/v1/studies/xtb/runs/latest:stop", 202);
  count("/api/v1/studies/none", 404);
  count("/api/v1/invented/by/somebody", 403);
  count("/favicon.ico", 404);
  const std::string text = page.text();
  for (const char* line : {"{code=\"304\",route=\"/status\"} 1\n",
                           "{code=\"202\",route=\"/api/v1/studies/{study}/runs/{run}:stop\"} 1\n",
                           "{code=\"200\",route=\"/api/v1/studies/{study}/runs/{run}/attempts\"} 2\n",
                           "{code=\"404\",route=\"other\"} 2\n", "{code=\"403\",route=\"other\"} 1\n"}) {
    const bool is_there = text.find(line) != std::string::npos;
    EXPECT_TRUE(is_there) << line << text;
  }
}

}  // namespace
}  // namespace studyctl
