#include "engine/make_engine.h"

#include <utility>

#include "engine/docker/docker_engine.h"
#include "engine/docker/podman_service.h"

namespace studyctl {
namespace {

// A recorded endpoint that was our own service is our own service again.
bool is_own_service(const EngineSearch& search) {
  return search.endpoint == kOwnPodmanService;
}

bool may_start_podman(const EngineSearch& search, const Error& error) {
  if (is_own_service(search)) return true;
  const bool is_named =
      !search.endpoint.empty() || !search.docker_host.empty() || !search.container_host.empty();
  if (is_named || search.kind == EngineKind::Docker) return false;
  return error.code == ErrorCode::NotFound || search.kind == EngineKind::Podman;
}

}  // namespace

Result<std::unique_ptr<Engine>> make_engine(EventLoop& loop, EngineOptions options, ObservationSink sink) {
  auto endpoint = is_own_service(options.search) ? Result<Endpoint>(Error{ErrorCode::NotFound, {}})
                                                 : find_endpoint(loop, options.search);
  std::unique_ptr<PodmanService> service;
  if (!endpoint && may_start_podman(options.search, endpoint.error())) {
    auto started = PodmanService::start(loop, service_directory());
    if (!started && started.error().code != ErrorCode::NotFound) return std::move(started).error();
    if (!started && is_own_service(options.search)) return std::move(started).error();
    if (started) {
      service = std::move(*started);
      endpoint = service->endpoint();
    }
  }
  if (!endpoint) return std::move(endpoint).error();
  auto engine = std::make_unique<DockerEngine>(loop, std::move(*endpoint), std::move(sink),
                                               std::move(options.volume), std::move(options.docker));
  if (service) engine->own(std::move(service));
  return Result<std::unique_ptr<Engine>>(std::move(engine));
}

}  // namespace studyctl
