#include "http/monitor.h"

#include "base/fd.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/event_stream.h"
#include "http/metrics.h"
#include "store/status_file.h"

namespace studyctl {
namespace {

constexpr const char* kNoStore = "no-store";

ApiResponse health(const std::filesystem::path& file) {
  const Result<Status> status = read_status(file);
  if (!status) return problem(503, "the run has no status yet");
  if (liveness_of(*status, SystemClock().now()) == Liveness::Gone)
    return problem(503,
                   "the controller has not told of itself since " + format_instant(status->heartbeat_at));
  return plain_text(200, "ok\n");
}

}  // namespace

ApiResponse plain_text(int status, const std::string& body) {
  return {status, body, "text/plain; charset=utf-8", {{"Cache-Control", kNoStore}}};
}

ApiResponse tagged_json(std::string body, const ApiRequest& request) {
  const std::string tag = "\"" + sha256_hex(body).substr(0, 32) + "\"";
  ApiResponse response{
      200, std::move(body), "application/json", {{"ETag", tag}, {"Cache-Control", "no-cache"}}};
  const auto known = request.headers.find("if-none-match");
  if (known == request.headers.end() || known->second != tag) return response;
  response.status = 304;
  response.body.clear();
  return response;
}

ApiResponse status_response(const std::filesystem::path& file, const ApiRequest& request) {
  Result<std::string> body = read_file(file);
  return body ? tagged_json(*std::move(body), request) : problem(503, "the run has no status yet");
}

ApiResponse metrics_response(const std::vector<std::filesystem::path>& run_directories,
                             const MetricsPage* page) {
  return {200,
          metrics_text(run_directories, page),
          "text/plain; version=0.0.4; charset=utf-8",
          {{"Cache-Control", kNoStore}}};
}

Server::Answer monitor_routes(std::filesystem::path run_directory, const MetricsPage* page) {
  return [run = std::move(run_directory), page](const ApiRequest& request) -> ApiResponse {
    const std::filesystem::path file = run / "status.json";
    if (request.method != "GET" && request.method != "HEAD")
      return problem(405, request.method + ": only GET is answered here");
    if (request.path == "/healthz") return health(file);
    if (request.path == "/readyz")
      return read_status(file) ? plain_text(200, "ok\n") : problem(503, "the run has no status yet");
    if (request.path == "/status") return status_response(file, request);
    if (request.path == "/metrics")
      return read_status(file) ? metrics_response({run}, page) : problem(503, "the run has no status yet");
    if (request.path == "/events") return event_stream(run, request);
    return problem(404, printable(request.path) +
                            ": is not here; there are /status, /events, /metrics, /healthz, /readyz");
  };
}

}  // namespace studyctl
