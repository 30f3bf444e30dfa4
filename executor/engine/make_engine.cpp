#include "engine/make_engine.h"

#include <utility>

#include "engine/docker/docker_engine.h"
#include "engine/docker/endpoint.h"
#include "engine/docker/podman_service.h"

namespace studyctl {
namespace {

Result<EngineKind> kind_named(const std::string& word) {
  if (word == "auto" || word.empty()) return EngineKind::Auto;
  if (word == "docker") return EngineKind::Docker;
  if (word == "podman") return EngineKind::Podman;
  return Error{ErrorCode::Invalid, "engine: is '" + word + "'; there are auto, docker and podman"};
}

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

Result<std::unique_ptr<Engine>> make_engine(EventLoop& loop, const EngineRequest& request,
                                            ObservationSink sink) {
  const auto kind = kind_named(request.wanted);
  if (!kind) return kind.error();
  EngineSearch search = EngineSearch::from_environment(*kind);
  search.endpoint = request.fixed_endpoint;
  auto endpoint =
      is_own_service(search) ? Result<Endpoint>(Error{ErrorCode::NotFound, {}}) : find_endpoint(loop, search);
  std::unique_ptr<PodmanService> service;
  if (!endpoint && may_start_podman(search, endpoint.error())) {
    auto started = PodmanService::start(loop, service_directory());
    const bool is_installed = started || started.error().code != ErrorCode::NotFound;
    if (!started && (is_installed || is_own_service(search))) return std::move(started).error();
    if (started) {
      service = std::move(*started);
      endpoint = service->endpoint();
    }
  }
  if (!endpoint) return std::move(endpoint).error();
  DockerOptions options;
  options.devices.gpus = request.gpus;
  if (!request.lease_directory.empty()) options.lease_directory = request.lease_directory;
  auto engine =
      std::make_unique<DockerEngine>(loop, std::move(*endpoint), std::move(sink), request.volume, options);
  if (service) engine->own(std::move(service));
  return Result<std::unique_ptr<Engine>>(std::move(engine));
}

}  // namespace studyctl
