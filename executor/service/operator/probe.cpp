#include "service/operator/probe.h"

#include "base/text.h"
#include "http/monitor.h"

namespace studyctl {

namespace {

std::string in_words(const Leadership::Standing& standing) {
  if (standing.acts) return standing.is_ready ? "acts" : "acts, and its pod is not labelled yet";
  return standing.waits_for.empty() ? "leads, and opens the results" : "waits for " + standing.waits_for;
}

}  // namespace

ApiResponse probe_answer(const ApiRequest& request, const Leadership::Standing& standing) {
  if (request.method != "GET" && request.method != "HEAD")
    return problem(405, request.method + ": only GET is answered here");
  const std::string state = in_words(standing);
  if (request.path == "/healthz")
    return standing.is_alive ? plain_text(200, "ok: " + state + "\n")
                             : problem(503, "its election stands still");
  if (request.path == "/readyz")
    return standing.is_ready ? plain_text(200, "ok: " + state + "\n") : problem(503, state);
  return problem(404, printable(request.path) + ": is not here; there are /healthz, /readyz");
}

Result<std::unique_ptr<Server>> open_probe(const std::string& listen, const Leadership& leadership) {
  const auto where = parse_listen_address(listen);
  if (!where) return Error(where.error()).within("--probe-listen");
  auto server = Server::listen(
      *where, {}, [&](const ApiRequest& request) { return probe_answer(request, leadership.standing()); });
  if (!server) return std::move(server).error().within("--probe-listen");
  return server;
}

}  // namespace studyctl
