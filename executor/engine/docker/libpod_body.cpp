#include <nlohmann/json.hpp>

#include "base/text.h"
#include "engine/docker/create_body.h"

namespace studyctl {
namespace {

using nlohmann::json;

json mounts_of(const ContainerSpec& container, const Endpoint& endpoint) {
  json result = json::array();
  for (const Mount& mount : container.mounts) {
    if (mount.kind == Mount::Kind::Bind) {
      result.push_back({{"type", "bind"},
                        {"source", source_of(mount, endpoint)},
                        {"destination", mount.target},
                        {"options", {mount.read_only ? "ro" : "rw", "rprivate", "rbind"}}});
    } else if (mount.kind == Mount::Kind::Memory && mount.target != "/dev/shm") {
      result.push_back({{"type", "tmpfs"},
                        {"source", "tmpfs"},
                        {"destination", mount.target},
                        {"options", split(tmpfs_options(mount), ',')}});
    }
  }
  return result;
}

json volumes_of(const ContainerSpec& container) {
  json result = json::array();
  for (const Mount& mount : container.mounts) {
    if (mount.kind != Mount::Kind::Volume) continue;
    result.push_back(
        {{"Name", mount.source}, {"Dest", mount.target}, {"Options", {mount.read_only ? "ro" : "rw"}}});
  }
  return result;
}

json resource_limits(const ContainerPlan& plan) {
  constexpr int64_t kPeriod = 100000;
  const Resources& resources = plan.container.resources;
  json result = json::object();
  if (resources.memory_bytes)
    result["memory"] = {{"limit", *resources.memory_bytes}, {"swap", *resources.memory_bytes}};
  if (resources.millicpu)
    result["cpu"] = {{"quota", *resources.millicpu * kPeriod / 1000}, {"period", kPeriod}};
  if (!plan.attempt.cpus.empty()) result["cpu"]["cpus"] = cpu_list(plan.attempt.cpus);
  if (resources.pids) result["pids"] = {{"limit", *resources.pids}};
  return result;
}

json devices_of(const std::vector<Device>& devices) {
  json result = json::array();
  for (const Device& device : devices) {
    for (const std::string& node : device.nodes) result.push_back({{"path", node}});
    if (device.nodes.empty()) result.push_back({{"path", device.cdi_name}});
  }
  return result;
}

json groups_of(const std::vector<Device>& devices) {
  json result = json::array();
  for (const Device& device : devices) {
    for (const long group : device.groups) result.push_back(std::to_string(group));
  }
  return result;
}

json environment_of(const ContainerPlan& plan) {
  json result = json::object();
  for (const auto& [name, value] : safe_environment(plan)) result[to_utf8(name)] = to_utf8(value);
  return result;
}

void add_security(const SecurityContext& security, json& body) {
  body["privileged"] = security.privileged;
  body["read_only_filesystem"] = security.read_only_root;
  body["no_new_privileges"] = wants_no_new_privileges(security);
  if (!security.add_capabilities.empty()) body["cap_add"] = security.add_capabilities;
  if (!security.drop_capabilities.empty()) body["cap_drop"] = security.drop_capabilities;
  if (const std::string user = user_of(security); !user.empty()) body["user"] = user;
}

}  // namespace

std::string libpod_create_body(const ContainerPlan& plan, const Endpoint& endpoint) {
  const ContainerSpec& container = plan.container;
  json body = {{"name", plan.attempt.id.text},
               {"image", container.image},
               {"env", environment_of(plan)},
               {"labels", plan.labels},
               {"mounts", mounts_of(container, endpoint)},
               {"volumes", volumes_of(container)},
               {"resource_limits", resource_limits(plan)},
               {"devices", devices_of(plan.devices)},
               {"groups", groups_of(plan.devices)},
               {"log_configuration", {{"driver", "k8s-file"}}},
               {"healthconfig", {{"Test", {"NONE"}}}},
               {"terminal", false},
               {"stdin", false},
               {"remove", false}};
  add_security(container.security, body);
  if (!container.command.empty()) body["entrypoint"] = container.command;
  if (!container.arguments.empty()) body["command"] = container.arguments;
  if (!container.working_directory.empty()) body["work_dir"] = container.working_directory;
  if (const auto size = shm_size(container)) body["shm_size"] = *size;
  if (plan.attempt.host_network) body["netns"] = {{"nsmode", "host"}};
  if (plan.attempt.share_process_namespace) body["init"] = true;
  json limits = json::array();
  for (const auto& [name, limit] : endpoint.limits) {
    limits.push_back({{"type", name}, {"soft", limit}, {"hard", limit}});
  }
  if (!limits.empty()) body["r_limits"] = std::move(limits);
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace studyctl
