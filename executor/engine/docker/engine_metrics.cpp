#include <chrono>

#include "engine/docker/api.h"

namespace studyctl {
namespace {

enum Operation : size_t { kCreate, kStart, kStop, kKill, kRemove, kInspect, kList, kImage, kOther };
constexpr const char* kNames[] = {"create",  "start", "stop",  "kill", "remove",
                                  "inspect", "list",  "image", "other"};

Operation operation_of(const HttpRequest& request) {
  const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
  if (path.find("/images/") != std::string_view::npos) return kImage;
  if (request.method == "DELETE") return kRemove;
  constexpr std::pair<std::string_view, Operation> kEnds[] = {{"/containers/create", kCreate},
                                                              {"/containers/json", kList},
                                                              {"/json", kInspect},
                                                              {"/start", kStart},
                                                              {"/stop", kStop},
                                                              {"/kill", kKill}};
  for (const auto& [end, operation] : kEnds)
    if (path.ends_with(end)) return operation;
  return kOther;
}

}  // namespace

EngineMetrics::EngineMetrics(Metrics& metrics) {
  static_assert(std::size(kNames) == kOperations);
  for (size_t i = 0; i < kOperations; ++i) {
    const MetricLabels labels{{"operation", kNames[i]}};
    by_operation_.at(i) = {metrics.histogram({"studyctl_engine_request_duration_seconds",
                                              "From a call of the engine's API to the end of its answer."},
                                             short_times(), labels),
                           metrics.counter({"studyctl_engine_request_errors_total",
                                            "Calls of the engine's API without an answer, or answered 5xx."},
                                           labels)};
  }
}

HttpClient::Done EngineMetrics::measured(const HttpRequest& request, HttpClient::Done done) const {
  return [figures = by_operation_.at(operation_of(request)), began = std::chrono::steady_clock::now(),
          done = std::move(done)](Result<HttpResponse> answer) {
    figures.seconds.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    if (!answer || answer->status >= 500) figures.errors.add();
    done(std::move(answer));
  };
}

}  // namespace studyctl
