#include "manifest/written_study.h"

namespace studyctl {
namespace {

Written texts(const std::vector<std::string>& texts) {
  Written::List list;
  for (const std::string& text : texts) list.push_back(Written::text(text));
  return {std::move(list)};
}

// What is empty is not written.
void add(Written::Map& map, const char* name, Written value) {
  const auto* list = std::get_if<Written::List>(&value.data);
  const auto* inner = std::get_if<Written::Map>(&value.data);
  const auto* text = std::get_if<std::string>(&value.data);
  if ((list && list->empty()) || (inner && inner->empty()) || (text && text->empty())) return;
  map.emplace_back(name, std::move(value));
}

std::string_view word(PullPolicy policy) {
  switch (policy) {
    case PullPolicy::Always: return "Always";
    case PullPolicy::IfNotPresent: return "IfNotPresent";
    case PullPolicy::Never: return "Never";
  }
  return "IfNotPresent";
}

Written environment(const std::vector<EnvironmentVariable>& variables) {
  Written::List list;
  for (const EnvironmentVariable& variable : variables) {
    Written::Map map{{"name", Written::text(variable.name)}};
    if (variable.secret) {
      const Written reference{Written::Map{{"name", Written::text(variable.secret->name)},
                                           {"key", Written::text(variable.secret->key)}}};
      map.emplace_back("valueFrom", Written{Written::Map{{"secretKeyRef", reference}}});
    } else {
      map.emplace_back("value", Written::text(variable.value));
    }
    list.push_back({std::move(map)});
  }
  return {std::move(list)};
}

std::string cpu_text(int64_t millicpu) {
  return millicpu % 1000 == 0 ? std::to_string(millicpu / 1000) : std::to_string(millicpu) + "m";
}

// Binary where that is exact: 16Gi.
std::string memory_text(int64_t bytes) {
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"Ti", int64_t{1} << 40}, {"Gi", int64_t{1} << 30}, {"Mi", int64_t{1} << 20}, {"Ki", int64_t{1} << 10}};
  for (const auto& [name, size] : kUnits) {
    if (bytes % size == 0) return std::to_string(bytes / size) + std::string(name);
  }
  return std::to_string(bytes);
}

Written resources(const Resources& resources) {
  Written::Map limits, requests;
  if (resources.millicpu) limits.emplace_back("cpu", Written::text(cpu_text(*resources.millicpu)));
  if (resources.memory_bytes)
    limits.emplace_back("memory", Written::text(memory_text(*resources.memory_bytes)));
  for (const DeviceRequest& device : resources.devices) {
    limits.emplace_back(device.kind, Written::number(int64_t{device.count}));
  }
  if (resources.pids) limits.emplace_back("studyctl.io/pids", Written::number(*resources.pids));
  if (resources.millicpu_request)
    requests.emplace_back("cpu", Written::text(cpu_text(*resources.millicpu_request)));
  if (resources.memory_bytes_request) {
    requests.emplace_back("memory", Written::text(memory_text(*resources.memory_bytes_request)));
  }
  Written::Map map;
  add(map, "limits", {std::move(limits)});
  add(map, "requests", {std::move(requests)});
  return {std::move(map)};
}

Written mounts(const std::vector<VolumeMount>& mounts) {
  Written::List list;
  for (const VolumeMount& mount : mounts) {
    Written::Map map{{"name", Written::text(mount.volume)}, {"mountPath", Written::text(mount.path)}};
    add(map, "subPath", Written::text(mount.sub_path));
    map.emplace_back("readOnly", Written::boolean(mount.read_only));
    list.push_back({std::move(map)});
  }
  return {std::move(list)};
}

Written security(const SecurityContext& security) {
  Written::Map map, capabilities;
  if (security.run_as_user) map.emplace_back("runAsUser", Written::number(*security.run_as_user));
  if (security.run_as_group) map.emplace_back("runAsGroup", Written::number(*security.run_as_group));
  map.emplace_back("readOnlyRootFilesystem", Written::boolean(security.read_only_root));
  map.emplace_back("privileged", Written::boolean(security.privileged));
  map.emplace_back("allowPrivilegeEscalation", Written::boolean(security.allow_privilege_escalation));
  add(capabilities, "add", texts(security.add_capabilities));
  add(capabilities, "drop", texts(security.drop_capabilities));
  add(map, "capabilities", {std::move(capabilities)});
  return {std::move(map)};
}

Written container(const Container& container) {
  Written::Map map{{"name", Written::text(container.name)},
                   {"image", Written::text(container.image)},
                   {"imagePullPolicy", Written::text(word(container.pull_policy))}};
  add(map, "command", texts(container.command));
  add(map, "args", texts(container.arguments));
  add(map, "workingDir", Written::text(container.working_directory));
  add(map, "env", environment(container.environment));
  add(map, "resources", resources(container.resources));
  add(map, "volumeMounts", mounts(container.mounts));
  map.emplace_back("securityContext", security(container.security));
  add(map, "terminationMessagePath", Written::text(container.termination_message_path));
  return {std::move(map)};
}

struct VolumeWriter {
  Written::Map map;

  void operator()(const HostPathVolume& volume) {
    map.emplace_back("hostPath", Written{Written::Map{{"path", Written::text(volume.path)}}});
  }
  void operator()(const EmptyDirVolume& volume) {
    Written::Map inner;
    if (volume.in_memory) inner.emplace_back("medium", Written::text("Memory"));
    if (volume.size_limit) inner.emplace_back("sizeLimit", Written::text(memory_text(*volume.size_limit)));
    map.emplace_back("emptyDir", Written{std::move(inner)});
  }
  void operator()(const NamedVolume& volume) {
    map.emplace_back("persistentVolumeClaim",
                     Written{Written::Map{{"claimName", Written::text(volume.claim)}}});
  }
  void operator()(const ProjectedVolume& volume) {
    Written::Map inner{{volume.is_secret ? "secretName" : "name", Written::text(volume.name)}};
    Written::List items;
    for (const auto& [key, path] : volume.items) {
      items.push_back({Written::Map{{"key", Written::text(key)}, {"path", Written::text(path)}}});
    }
    add(inner, "items", {std::move(items)});
    map.emplace_back(volume.is_secret ? "secret" : "configMap", Written{std::move(inner)});
  }
};

}  // namespace

Written written_pod(const PodTemplate& pod) {
  Written::Map result, spec, labels;
  for (const auto& [key, value] : pod.labels) labels.emplace_back(key, Written::text(value));
  if (!labels.empty())
    result.emplace_back("metadata", Written{Written::Map{{"labels", Written{std::move(labels)}}}});
  Written::List inits, volumes, pull_secrets;
  for (const Container& one : pod.init_containers) inits.push_back(container(one));
  for (const Volume& volume : pod.volumes) {
    VolumeWriter writer{{{"name", Written::text(volume.name)}}};
    std::visit(writer, volume.source);
    volumes.push_back({std::move(writer.map)});
  }
  for (const std::string& name : pod.image_pull_secrets)
    pull_secrets.push_back({Written::Map{{"name", Written::text(name)}}});
  add(spec, "initContainers", {std::move(inits)});
  spec.emplace_back("containers", Written{Written::List{container(pod.main)}});
  add(spec, "volumes", {std::move(volumes)});
  spec.emplace_back("hostNetwork", Written::boolean(pod.host_network));
  spec.emplace_back("shareProcessNamespace", Written::boolean(pod.share_process_namespace));
  add(spec, "imagePullSecrets", {std::move(pull_secrets)});
  result.emplace_back("spec", Written{std::move(spec)});
  return {std::move(result)};
}

}  // namespace studyctl
