#include <gtest/gtest.h>

#include "engine/docker/api.h"

namespace studyctl {
namespace {

// What a call that ends so adds to the figures of its kind.
std::string figures_after(const std::string& method, const std::string& path, Result<HttpResponse> answer) {
  MetricsPage page;
  Metrics metrics(page);
  HttpRequest request;
  request.method = method;
  request.path = path;
  bool was_told = false;
  EngineMetrics(metrics).measured(request,
                                  [&](const Result<HttpResponse>&) { was_told = true; })(std::move(answer));
  EXPECT_TRUE(was_told);
  return page.text();
}

bool is_counted(const std::string& text, const std::string& operation) {
  return text.find("duration_seconds_count{operation=\"" + operation + "\"} 1\n") != std::string::npos;
}
bool is_error(const std::string& text) {
  return text.find("errors_total{operation=\"start\"} 1\n") != std::string::npos;
}

TEST(EngineMetrics, CallsAreToldApartByWhatTheyAreFor) {
  const HttpResponse fine{200, "", {}};
  for (const auto& [method, path, operation] :
       std::vector<std::array<std::string, 3>>{{"POST", "/v1.41/containers/create?name=x", "create"},
                                               {"POST", "/v4.0.0/libpod/containers/create", "create"},
                                               {"POST", "/v1.41/containers/x/start", "start"},
                                               {"POST", "/v1.41/containers/x/stop?t=2", "stop"},
                                               {"POST", "/v1.41/containers/x/kill?signal=KILL", "kill"},
                                               {"DELETE", "/v1.41/containers/x?v=1", "remove"},
                                               {"GET", "/v1.41/containers/x/json", "inspect"},
                                               {"GET", "/v1.41/containers/json?all=1", "list"},
                                               {"GET", "/v1.41/images/busybox/json", "image"},
                                               {"GET", "/_ping", "other"}})
    EXPECT_TRUE(is_counted(figures_after(method, path, fine), operation)) << path;
}

TEST(EngineMetrics, AnErrorIsNoAnswerOrOneOfTheEnginesOwn) {
  const std::string start = "/v1.41/containers/x/start";
  EXPECT_FALSE(is_error(figures_after("POST", start, HttpResponse{204, "", {}})));
  EXPECT_FALSE(is_error(figures_after("POST", start, HttpResponse{409, "", {}})));
  EXPECT_TRUE(is_error(figures_after("POST", start, HttpResponse{500, "", {}})));
  EXPECT_TRUE(is_error(figures_after("POST", start, Error{ErrorCode::Unavailable, "nobody listens"})));
}

}  // namespace
}  // namespace studyctl
