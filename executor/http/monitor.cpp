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

ApiResponse text(int status, const std::string& body) {
  return {status, body, "text/plain; charset=utf-8", {{"Cache-Control", kNoStore}}};
}

ApiResponse health(const std::filesystem::path& file) {
  const Result<Status> status = read_status(file);
  if (!status) return problem(503, "the run has no status yet");
  if (liveness_of(*status, SystemClock().now()) == Liveness::Gone)
    return problem(503,
                   "the controller has not told of itself since " + format_instant(status->heartbeat_at));
  return text(200, "ok\n");
}

ApiResponse status(const std::filesystem::path& file, const ApiRequest& request) {
  Result<std::string> body = read_file(file);
  if (!body) return problem(503, "the run has no status yet");
  const std::string tag = "\"" + sha256_hex(*body).substr(0, 32) + "\"";
  ApiResponse response{
      200, *std::move(body), "application/json", {{"ETag", tag}, {"Cache-Control", "no-cache"}}};
  const auto known = request.headers.find("if-none-match");
  if (known == request.headers.end() || known->second != tag) return response;
  response.status = 304;
  response.body.clear();
  return response;
}

ApiResponse metrics(const std::filesystem::path& file) {
  const Result<Status> status = read_status(file);
  if (!status) return problem(503, "the run has no status yet");
  return {
      200, metrics_text(*status), "text/plain; version=0.0.4; charset=utf-8", {{"Cache-Control", kNoStore}}};
}

}  // namespace

Server::Answer monitor_routes(std::filesystem::path run_directory) {
  return [run = std::move(run_directory)](const ApiRequest& request) -> ApiResponse {
    const std::filesystem::path file = run / "status.json";
    if (request.method != "GET" && request.method != "HEAD")
      return problem(405, request.method + ": only GET is answered here");
    if (request.path == "/healthz") return health(file);
    if (request.path == "/readyz")
      return read_status(file) ? text(200, "ok\n") : problem(503, "the run has no status yet");
    if (request.path == "/status") return status(file, request);
    if (request.path == "/metrics") return metrics(file);
    if (request.path == "/events") return event_stream(run, request);
    return problem(404, printable(request.path) +
                            ": is not here; there are /status, /events, /metrics, /healthz, /readyz");
  };
}

}  // namespace studyctl
