#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "io/event_loop.h"

namespace studyctl {

struct EngineRequest {
  std::string wanted = "auto";  // "auto", "docker" or "podman"
  std::string fixed_endpoint;   // where the run began: this one and no other, when not empty
  std::string volume;           // the UUID of the results volume, on every container's label
  std::string lease_directory;  // empty: /run/lock/studyctl
  std::string gpus;             // empty: what the machine says
};

// Finds the engine that is wanted, or starts Podman's service where Podman is installed and nothing listens,
// and makes an Engine of it. Runs the loop meanwhile, for some seconds at most: for before a run only. The
// error says in one sentence what was tried and what to do. `loop` must outlive the engine.
Result<std::unique_ptr<Engine>> make_engine(EventLoop& loop, const EngineRequest& request,
                                            ObservationSink sink);

}  // namespace studyctl
