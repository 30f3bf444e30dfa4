#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "plan/experiment.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr json::error_handler_t kReplace = json::error_handler_t::replace;

// What is not given is not written, so that a field that a later version adds changes no identity.
template <class Written>
void set(json& object, const char* key, const Written& written) {
  if (!written.empty()) object[key] = written;
}

json environment_json(const std::vector<EnvironmentVariable>& environment) {
  json list = json::array();
  for (const EnvironmentVariable& variable : environment) {
    json entry = {{"name", variable.name}};
    if (variable.secret) {
      entry["secret"] = {{"key", variable.secret->key}, {"name", variable.secret->name}};
    } else {
      entry["value"] = variable.value;
    }
    list.push_back(entry);
  }
  return list;
}

json mounts_json(const std::vector<VolumeMount>& mounts) {
  json list = json::array();
  for (const VolumeMount& mount : mounts) {
    json entry = {{"path", mount.path}, {"volume", mount.volume}};
    set(entry, "subPath", mount.sub_path);
    if (mount.read_only) entry["readOnly"] = true;
    list.push_back(entry);
  }
  return list;
}

json container_json(const Container& container) {
  json result = {{"image", container.image}};
  set(result, "command", container.command);
  set(result, "args", container.arguments);
  set(result, "env", environment_json(container.environment));
  set(result, "mounts", mounts_json(container.mounts));
  set(result, "workingDir", container.working_directory);
  if (container.resources.millicpu) result["millicpu"] = *container.resources.millicpu;
  for (const DeviceRequest& device : container.resources.devices)
    result["devices"][device.kind] = device.count;
  if (container.sidecar != Sidecar::No)
    result["sidecar"] = container.sidecar == Sidecar::WithMain ? "with main" : "from its turn";
  set(result, "clusterFields", container.cluster_fields);
  return result;
}

struct SourceJson {
  json operator()(const HostPathVolume& volume) const { return {{"hostPath", volume.path}}; }
  json operator()(const EmptyDirVolume& volume) const {
    json source = json::object();
    if (volume.in_memory) source["inMemory"] = true;
    if (volume.scope == VolumeScope::Run) source["scope"] = "Run";
    if (volume.size_limit) source["sizeLimit"] = *volume.size_limit;
    return {{"emptyDir", source}};
  }
  json operator()(const NamedVolume& volume) const { return {{"claim", volume.claim}}; }
  json operator()(const ProjectedVolume& volume) const {
    json source = {{"name", volume.name}};
    set(source, "items", volume.items);
    if (!volume.is_secret) source["data"] = sha256_hex(json(volume.data).dump(-1, ' ', false, kReplace));
    return {{volume.is_secret ? "secret" : "configMap", source}};
  }
};

json volumes_json(const std::vector<Volume>& volumes) {
  json result = json::object();
  for (const Volume& volume : volumes) result[volume.name] = std::visit(SourceJson(), volume.source);
  return result;
}

json files_json(const std::vector<const StudyFile*>& files) {
  json result = json::object();
  size_t inputs = 0;
  for (const StudyFile* file : files) {
    result[file->path] =
        file->from_file.empty() ? json{{"content", file->content}} : json{{"input", inputs++}};
  }
  return result;
}

}  // namespace

std::string executed_json(const Study& study, const PodTemplate& pod) {
  json result = {{"main", container_json(pod.main)}};
  for (const Container& container : pod.init_containers) result["init"].push_back(container_json(container));
  set(result, "volumes", volumes_json(pod.volumes));
  set(result, "files", files_json(files_by_path(study.files)));
  set(result, "checkpoint", study.checkpoint_path);
  return result.dump(-1, ' ', false, kReplace);
}

}  // namespace studyctl
