#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "io/event_loop.h"

namespace studyctl {

// Which engine a run wants.
struct EngineRequest {
  std::string wanted = "auto";  // auto, docker, podman, or an address: "unix:///run/podman/podman.sock"
  std::string fixed_endpoint;   // of a run that goes on: this one and no other, when not empty
  std::string volume;           // the UUID that containers are labelled with
  std::filesystem::path lease_directory;  // empty: the default
  std::string gpus;                       // instead of what the machine says, when not empty
};

// Finds the engine, or starts Podman's service for as long as the result lives. Runs the loop meanwhile, for
// some seconds at most. Unavailable: none can be used, and why.
Result<std::unique_ptr<Engine>> make_engine(EventLoop& loop, const EngineRequest& request,
                                            ObservationSink sink);

}  // namespace studyctl
