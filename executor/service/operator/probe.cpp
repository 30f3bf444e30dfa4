#include "service/operator/probe.h"

#include "base/text.h"
#include "http/monitor.h"

namespace studyctl {

ApiResponse probe_answer(const ApiRequest& request, bool is_alive, bool acts, const std::string& waits_for) {
  if (request.method != "GET" && request.method != "HEAD")
    return problem(405, request.method + ": only GET is answered here");
  const std::string state = acts                ? "acts"
                            : waits_for.empty() ? "leads, and opens the results"
                                                : "waits for " + waits_for;
  if (request.path == "/healthz")
    return is_alive ? plain_text(200, "ok: " + state + "\n") : problem(503, "its election stands still");
  if (request.path == "/readyz") return acts ? plain_text(200, "ok: acts\n") : problem(503, state);
  return problem(404, printable(request.path) + ": is not here; there are /healthz, /readyz");
}

Result<std::unique_ptr<Server>> open_probe(const std::string& listen, const Leadership& leadership,
                                           const std::atomic<bool>& acts) {
  const auto where = parse_listen_address(listen);
  if (!where) return Error(where.error()).within("--probe-listen");
  auto server = Server::listen(*where, {}, [&](const ApiRequest& request) {
    return probe_answer(request, leadership.is_alive(), acts, leadership.waits_for());
  });
  if (!server) return std::move(server).error().within("--probe-listen");
  return server;
}

}  // namespace studyctl
