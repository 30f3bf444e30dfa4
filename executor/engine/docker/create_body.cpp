#include "engine/docker/create_body.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"

namespace studyctl {
namespace {

using nlohmann::json;

json environment_list(const ContainerPlan& plan) {
  json result = json::array();
  for (const auto& [name, value] : safe_environment(plan)) result.push_back(to_utf8(name + "=" + value));
  return result;
}

json mounts_of(const ContainerSpec& container, const Endpoint& endpoint) {
  json result = json::array();
  for (const Mount& mount : container.mounts) {
    if (mount.kind == Mount::Kind::Memory) continue;
    json entry = {{"Type", mount.kind == Mount::Kind::Bind ? "bind" : "volume"},
                  {"Source", source_of(mount, endpoint)},
                  {"Target", mount.target},
                  {"ReadOnly", mount.read_only}};
    if (mount.kind == Mount::Kind::Bind) entry["BindOptions"] = {{"Propagation", "rprivate"}};
    result.push_back(std::move(entry));
  }
  return result;
}

json tmpfs_of(const ContainerSpec& container) {
  json result = json::object();
  for (const Mount& mount : container.mounts) {
    if (mount.kind == Mount::Kind::Memory && mount.target != "/dev/shm")
      result[mount.target] = tmpfs_options(mount);
  }
  return result;
}

void add_resources(const ContainerPlan& plan, json& host) {
  const Resources& resources = plan.container.resources;
  if (resources.memory_bytes) host["Memory"] = host["MemorySwap"] = *resources.memory_bytes;
  if (resources.millicpu) host["NanoCpus"] = *resources.millicpu * 1000000;
  if (resources.pids) host["PidsLimit"] = *resources.pids;
  if (!plan.attempt.cpus.empty()) host["CpusetCpus"] = cpu_list(plan.attempt.cpus);
  if (const auto size = shm_size(plan.container)) host["ShmSize"] = *size;
}

void add_security(const SecurityContext& security, json& host) {
  host["Privileged"] = security.privileged;
  host["ReadonlyRootfs"] = security.read_only_root;
  if (!security.add_capabilities.empty()) host["CapAdd"] = security.add_capabilities;
  if (!security.drop_capabilities.empty()) host["CapDrop"] = security.drop_capabilities;
  if (wants_no_new_privileges(security)) host["SecurityOpt"] = {"no-new-privileges:true"};
}

// Device ids are always named: a Count is the first N of the machine, whoever holds them.
void add_devices(const std::vector<Device>& devices, json& host) {
  json nvidia = json::array();
  json cdi = json::array();
  json nodes = json::array();
  std::set<std::string> groups;
  for (const Device& device : devices) {
    for (const std::string& node : device.nodes) {
      nodes.push_back({{"PathOnHost", node}, {"PathInContainer", node}, {"CgroupPermissions", "rwm"}});
    }
    for (const long group : device.groups) groups.insert(std::to_string(group));
    if (!device.nodes.empty()) continue;
    if (device.kind == "nvidia.com/gpu") {
      nvidia.push_back(device.id);
    } else {
      cdi.push_back(device.cdi_name);
    }
  }
  json requests = json::array();
  if (!nvidia.empty()) {
    requests.push_back(
        {{"Driver", "nvidia"}, {"DeviceIDs", nvidia}, {"Capabilities", {{"gpu", "compute", "utility"}}}});
  }
  if (!cdi.empty()) requests.push_back({{"Driver", "cdi"}, {"DeviceIDs", cdi}});
  if (!requests.empty()) host["DeviceRequests"] = std::move(requests);
  if (!nodes.empty()) host["Devices"] = std::move(nodes);
  if (!groups.empty()) host["GroupAdd"] = groups;
}

json ulimits_of(const Endpoint& endpoint) {
  json result = json::array();
  for (const auto& [name, limit] : endpoint.limits) {
    result.push_back({{"Name", name}, {"Soft", limit}, {"Hard", limit}});
  }
  return result;
}

}  // namespace

Result<void> check_container(const ContainerSpec& container, const Endpoint& endpoint) {
  if (container.security.run_as_group && !container.security.run_as_user) {
    return Error{ErrorCode::Invalid,
                 "securityContext.runAsGroup needs runAsUser beside it on Docker and Podman"};
  }
  for (const Mount& mount : container.mounts) {
    if (mount.kind != Mount::Kind::Bind) continue;
    std::error_code failure;
    if (endpoint.is_local() && !std::filesystem::exists(mount.source, failure) &&
        (!failure || failure.value() == ENOENT)) {
      return Error{ErrorCode::Invalid, "cannot mount " + mount.source + " at " + mount.target +
                                           ": it does not exist on this machine; make it, or mend the path"};
    }
    if (auto outside = endpoint.paths.outside(mount.source); !outside) return std::move(outside).error();
  }
  return {};
}

Result<void> check_devices(const std::vector<Device>& devices, const Endpoint& endpoint) {
  constexpr int kCdiSince = 44;
  for (const Device& device : devices) {
    if (!device.nodes.empty()) continue;
    if (endpoint.is_podman() && device.cdi_name.empty()) {
      return Error{ErrorCode::Invalid,
                   "no CDI specification has " + device.name() +
                       ", and Podman needs one: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"};
    }
    if (!endpoint.is_podman() && device.kind != "nvidia.com/gpu" && endpoint.api_minor < kCdiSince) {
      return Error{ErrorCode::Invalid, "CDI device " + device.name() + " needs Docker 25 or newer; this is " +
                                           endpoint.server_version};
    }
  }
  return {};
}

std::string source_of(const Mount& mount, const Endpoint& endpoint) {
  if (mount.kind != Mount::Kind::Bind) return mount.source;
  auto outside = endpoint.paths.outside(mount.source);
  return outside ? *std::move(outside) : mount.source;
}

std::string create_body(const ContainerPlan& plan, const Endpoint& endpoint) {
  const ContainerSpec& container = plan.container;
  json host = {{"LogConfig", {{"Type", "json-file"}, {"Config", json::object()}}},
               {"RestartPolicy", {{"Name", "no"}}},
               {"AutoRemove", false},
               {"Mounts", mounts_of(container, endpoint)},
               {"Tmpfs", tmpfs_of(container)}};
  add_resources(plan, host);
  add_security(container.security, host);
  add_devices(plan.devices, host);
  if (plan.attempt.host_network) host["NetworkMode"] = "host";
  if (plan.attempt.share_process_namespace) host["Init"] = true;
  if (!endpoint.limits.empty()) host["Ulimits"] = ulimits_of(endpoint);

  json body = {{"Image", container.image},     {"Env", environment_list(plan)},
               {"Labels", plan.labels},        {"Tty", false},
               {"OpenStdin", false},           {"Healthcheck", {{"Test", {"NONE"}}}},
               {"HostConfig", std::move(host)}};
  if (!container.command.empty()) body["Entrypoint"] = container.command;
  if (!container.arguments.empty()) body["Cmd"] = container.arguments;
  if (!container.working_directory.empty()) body["WorkingDir"] = container.working_directory;
  if (const std::string user = user_of(container.security); !user.empty()) body["User"] = user;
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool needs_libpod(const std::vector<Device>& devices) {
  return std::any_of(devices.begin(), devices.end(),
                     [](const Device& device) { return device.nodes.empty(); });
}

// NVIDIA's runtime hands over devices by environment alone where it is the default one.
std::vector<std::pair<std::string, std::string>> safe_environment(const ContainerPlan& plan) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, value] : plan.container.environment) {
    if (name == "NVIDIA_VISIBLE_DEVICES") continue;
    if (!plan.devices.empty() && name.starts_with("NVIDIA_")) continue;
    result.emplace_back(name, value);
  }
  return result;
}

std::string user_of(const SecurityContext& security) {
  if (!security.run_as_user) return {};
  std::string user = std::to_string(*security.run_as_user);
  if (security.run_as_group) user += ":" + std::to_string(*security.run_as_group);
  return user;
}

std::optional<int64_t> shm_size(const ContainerSpec& container) {
  for (const Mount& mount : container.mounts) {
    if (mount.kind == Mount::Kind::Memory && mount.target == "/dev/shm") return mount.size_limit;
  }
  return std::nullopt;
}

std::string tmpfs_options(const Mount& mount) {
  std::string options = mount.read_only ? "ro" : "rw";
  options += ",exec,nosuid,nodev,mode=1777";
  if (mount.size_limit) options += ",size=" + std::to_string(*mount.size_limit);
  return options;
}

std::string cpu_list(const std::vector<int>& cpus) {
  std::string result;
  for (const int cpu : cpus) result += (result.empty() ? "" : ",") + std::to_string(cpu);
  return result;
}

bool wants_no_new_privileges(const SecurityContext& security) {
  return !security.allow_privilege_escalation && !security.privileged;
}

}  // namespace studyctl
