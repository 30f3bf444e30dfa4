#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/devices/device.h"
#include "engine/docker/api.h"
#include "engine/engine.h"

namespace studyctl {

// All that the body of a create call is made of.
struct ContainerPlan {
  const AttemptSpec& attempt;
  const ContainerSpec& container;  // attempt.main, or one of attempt.init
  std::map<std::string, std::string> labels;
  std::vector<Device> devices;
};

// Whether an engine can be given this at all: Invalid names what it cannot, and what to do. `is_local`: paths
// are ours, so a bind source that does not exist is an error here (some engines would make it, as root).
Result<void> check_container(const ContainerSpec& container, const Endpoint& endpoint);

// What the engine is told to mount: of a directory, what its machine calls it. check_container() has liked
// it.
std::string source_of(const Mount& mount, const Endpoint& endpoint);

// The body of POST /containers/create, for Docker and for Podman's compatible API.
std::string create_body(const ContainerPlan& plan, const Endpoint& endpoint);

// The body of Podman's own create call: the only one that hands over CDI devices.
std::string libpod_create_body(const ContainerPlan& plan, const Endpoint& endpoint);

// Whether this engine can hand over `devices`: Invalid says what is missing, and how to get it.
Result<void> check_devices(const std::vector<Device>& devices, const Endpoint& endpoint);

// True when `devices` need libpod_create_body() on Podman: its compatible API ignores them without a word.
bool needs_libpod(const std::vector<Device>& devices);

// ---- what both bodies share ----

// NAME=value, without what would reach for GPUs behind the leases' back.
std::vector<std::pair<std::string, std::string>> safe_environment(const ContainerPlan& plan);

// "1000:1000", or empty for the image's.
std::string user_of(const SecurityContext& security);

// The size of a Memory mount at /dev/shm.
std::optional<int64_t> shm_size(const ContainerSpec& container);

// "rw,exec,nosuid,nodev,mode=1777,size=…" of a Memory mount elsewhere.
std::string tmpfs_options(const Mount& mount);

// "0,2,3"
std::string cpu_list(const std::vector<int>& cpus);

bool wants_no_new_privileges(const SecurityContext& security);

}  // namespace studyctl
