#include "http/service_view.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "http/api.h"
#include "http/monitor.h"
#include "http/web_page.h"
#include "store/status_file.h"
#include "study/study_schema.h"

namespace studyctl {
namespace {

using Json = nlohmann::ordered_json;

Json summary_of(const Status& status) {
  Json eta;
  if (status.eta_seconds) eta = *status.eta_seconds;
  return {{"study", status.study},          {"run_id", status.run_id},
          {"state", name_of(status.state)}, {"state_reason", to_utf8(status.state_reason)},
          {"total", status.total},          {"completed", status.completed},
          {"failed", status.failed},        {"eta_seconds", std::move(eta)}};
}

ApiResponse status(const LiveDirectories& live, const ApiRequest& request) {
  Json runs = Json::array();
  for (const std::filesystem::path& directory : live())
    if (const auto one = read_status(directory / "status.json")) runs.push_back(summary_of(*one));
  return tagged_json(Json{{"runs", std::move(runs)}}.dump(), request);
}

ApiResponse whoami(const Caller& caller) {
  return {200, Json{{"name", to_utf8(caller.name)},
                    {"role", caller.role == Caller::Role::Operator ? "operator" : "viewer"}}
                   .dump()};
}

}  // namespace

Server::Answer service_view(const VolumePlace& results, LiveDirectories live, const MetricsPage* page) {
  return [api = api_routes(results), live = std::move(live), page](const ApiRequest& request) -> ApiResponse {
    if (auto asset = web_page(request)) return *std::move(asset);
    if (is_api_route(request.path)) return api(request);
    if (request.method != "GET" && request.method != "HEAD")
      return problem(405, request.method + ": only GET is answered here");
    if (request.path == "/healthz" || request.path == "/readyz") return plain_text(200, "ok\n");
    if (request.path == "/status") return status(live, request);
    if (request.path == "/metrics") return metrics_response(live(), page);
    if (request.path == "/api/v1/schema") return tagged_json(std::string(study_schema()), request);
    if (request.path == "/api/v1/whoami") return whoami(request.caller);
    return problem(404, printable(request.path) + ": is not here; see /openapi.json");
  };
}

}  // namespace studyctl
