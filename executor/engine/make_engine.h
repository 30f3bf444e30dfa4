#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/docker/endpoint.h"
#include "engine/docker/parts.h"
#include "engine/engine.h"

namespace studyctl {

struct EngineOptions {
  EngineSearch search;
  DockerOptions docker;
  std::string volume;  // the UUID of the results volume, on every container's label
};

// Finds the engine that is wanted, or starts Podman's service where Podman is installed and nothing listens,
// and makes an Engine of it. Runs the loop meanwhile, for some seconds at most: for before a run only. The
// error says in one sentence what was tried and what to do. `loop` must outlive the engine.
Result<std::unique_ptr<Engine>> make_engine(EventLoop& loop, EngineOptions options, ObservationSink sink);

}  // namespace studyctl
