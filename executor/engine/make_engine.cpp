#include "engine/make_engine.h"

#include "engine/docker/docker_engine.h"
#include "engine/docker/endpoint.h"

namespace studyctl {
namespace {

EngineSearch search_for(const EngineRequest& request) {
  EngineKind kind = EngineKind::Auto;
  if (request.wanted == "docker") kind = EngineKind::Docker;
  if (request.wanted == "podman") kind = EngineKind::Podman;
  EngineSearch search = EngineSearch::from_environment(kind);
  const bool is_address = request.wanted.find("://") != std::string::npos;
  if (is_address) search.endpoint = request.wanted;
  if (!request.fixed_endpoint.empty()) search.endpoint = request.fixed_endpoint;
  return search;
}

}  // namespace

Result<std::unique_ptr<Engine>> make_engine(EventLoop& loop, const EngineRequest& request,
                                            ObservationSink sink) {
  auto endpoint = find_endpoint(loop, search_for(request));
  if (!endpoint) return Error{ErrorCode::Unavailable, endpoint.error().message};
  DockerOptions options;
  if (!request.lease_directory.empty()) options.lease_directory = request.lease_directory;
  options.gpus = request.gpus;
  return std::unique_ptr<Engine>(
      std::make_unique<DockerEngine>(loop, *std::move(endpoint), std::move(sink), request.volume, options));
}

}  // namespace studyctl
