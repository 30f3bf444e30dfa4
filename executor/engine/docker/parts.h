#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/devices/inventory.h"
#include "engine/devices/leases.h"
#include "engine/devices/machine_devices.h"
#include "engine/docker/api.h"
#include "engine/docker/api_json.h"
#include "engine/docker/images.h"
#include "engine/docker/start_throttle.h"
#include "engine/engine.h"
#include "engine/telemetry/kernel_log.h"
#include "engine/telemetry/sampler.h"

namespace studyctl {

// The time that the machine was up in which a container was made.
inline constexpr const char* kBootLabel = "studyctl.io/boot";

struct DockerOptions {
  int starts_at_once = 0;  // 0: max(4, 2 × cores)
  std::filesystem::path lease_directory = kLeaseDirectory;
  DevicePlaces devices;
  std::vector<std::string>
      other_sockets;  // further engines of this machine whose containers may hold devices
  Duration list_every{std::chrono::seconds(30)};
  Duration follow_after{1000};  // a container that ends sooner has its log read once, at its end
  std::filesystem::path kernel_log = "/dev/kmsg";
  std::string boot{};  // MachineBoot::id of the engine's machine; empty where that is not this one
  // Whether another engine of this process looks after the containers of a run; may be empty.
  std::function<bool(const std::string& run)> is_of_another{};
  EngineMetrics metrics{};
};

// What all attempts at one engine share. It outlives them.
struct EngineParts {
  EngineApi& api;
  Images& images;
  StartThrottle& throttle;
  KernelLog& kernel;
  Leases& leases;
  Sampler& sampler;
  const DockerOptions& options;
  std::string volume;  // the UUID
  // When the engine was last started, and with it all that cannot outlive it; nothing when that shows
  // nowhere.
  std::function<std::optional<Instant>()> engine_since;
};

// Why an attempt cannot be.
struct Refusal {
  Reason reason = Reason::CreateError;
  std::string message;
};

}  // namespace studyctl
