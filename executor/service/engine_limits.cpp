#include "service/engine_limits.h"

#include <algorithm>

namespace studyctl {
namespace {

constexpr char kPodSecurity[] = "securityContext";

bool limits_processes(const Study& study) {
  const auto is_limited = [](const Container& container) { return container.resources.pids.has_value(); };
  const PodTemplate& pod = study.pod;
  return is_limited(pod.main) ||
         std::any_of(pod.init_containers.begin(), pod.init_containers.end(), is_limited) ||
         std::any_of(study.overrides.begin(), study.overrides.end(),
                     [](const Override& rule) { return rule.resources.pids.has_value(); });
}

// Memory that a sidecar would share: each container has its own of it.
std::string memory_shared_with_sidecar(const PodTemplate& pod) {
  const auto mounts = [](const Container& container, const std::string& volume) {
    return std::any_of(container.mounts.begin(), container.mounts.end(),
                       [&](const VolumeMount& mount) { return mount.volume == volume; });
  };
  for (const Volume& volume : pod.volumes) {
    const auto* empty = std::get_if<EmptyDirVolume>(&volume.source);
    if (!empty || !empty->in_memory) continue;
    int users = mounts(pod.main, volume.name) ? 1 : 0;
    bool is_of_sidecar = false;
    for (const Container& container : pod.init_containers) {
      if (!mounts(container, volume.name)) continue;
      ++users;
      is_of_sidecar = is_of_sidecar || container.sidecar != Sidecar::No;
    }
    if (is_of_sidecar && users > 1) return volume.name;
  }
  return {};
}

// What is of a machine is a node's, of which the controller sees nothing.
std::vector<std::string> not_heeded_by_kubernetes(const Study& study) {
  const Execution& execution = study.execution;
  std::vector<std::string> problems;
  const auto refuse = [&](bool is_asked, const std::string& field, const std::string& instead) {
    if (is_asked) problems.push_back("spec." + field + ": engine kubernetes cannot see to it: " + instead);
  };
  const std::string memory = memory_shared_with_sidecar(study.pod);
  refuse(!memory.empty(), "template.spec.volumes: " + memory,
         "each container has its own of an emptyDir in memory; leave medium: Memory out to share it");
  refuse(limits_processes(study), "template.spec.containers: limits[studyctl.io/pids]",
         "it is kubelet's --pod-max-pids of a node; leave it out");
  refuse(execution.pin_cpus, "execution.pinCpus",
         "a node pins by its CPU manager (policy static) where limits are whole cores; leave it out");
  refuse(execution.cold_start, "execution.coldStart", "page caches are the nodes' own; leave it out");
  refuse(execution.gpu_require_idle, "execution.gpu.requireIdle",
         "who uses a GPU is known to its node alone; leave it out");
  refuse(execution.cooldown.gpu_temperature_below.has_value(), "execution.cooldown.gpuTemperatureBelow",
         "how hot a GPU is is known to its node alone; use cooldown.experiment");
  return problems;
}

// What keeps a workload from something, gives it something or works with it is never left out.
std::vector<std::string> not_heeded_on_one_box(const Study& study, const std::string& kind) {
  std::vector<std::string> problems;
  if (study.pod.cluster_fields.contains(kPodSecurity))
    problems.emplace_back(
        "spec.template.spec.securityContext: is for pods of a cluster: set it on the container");
  const auto claims = [&](const Container& container) {
    if (container.cluster_fields.contains("claims"))
      problems.push_back("container " + container.name + ": resources.claims: engine " + kind +
                         " knows no claims of a cluster: ask for devices under limits");
  };
  claims(study.pod.main);
  for (const Container& container : study.pod.init_containers) {
    if (container.sidecar == Sidecar::No) {
      claims(container);
    } else {
      problems.push_back(
          "container " + container.name + ": engine " + kind +
          " runs nothing beside containers[0]: start it in that one's command, or use engine kubernetes");
    }
  }
  return problems;
}

}  // namespace

std::vector<std::string> not_heeded(const Study& study, const std::string& kind) {
  return kind == "kubernetes" ? not_heeded_by_kubernetes(study) : not_heeded_on_one_box(study, kind);
}

std::vector<std::string> left_out(const Study& study, const std::string& kind) {
  std::vector<std::string> fields;
  if (kind == "kubernetes") return fields;
  for (const auto& [name, value] : study.pod.cluster_fields)
    if (name != kPodSecurity) fields.push_back("spec." + name);
  if (!study.pod.annotations.empty()) fields.emplace_back("metadata.annotations");
  return fields;
}

Result<void> can_be_carried(const Study& study) {
  for (const Volume& volume : study.pod.volumes) {
    const auto* empty = std::get_if<EmptyDirVolume>(&volume.source);
    if (empty && !empty->in_memory && empty->scope == VolumeScope::Run)
      return Error{ErrorCode::Invalid,
                   "nothing was started:\n  spec.volumeScopes." + volume.name +
                       ": Run is a directory that attempts share, which cannot be carried "
                       "(--carry-address): take Attempt, or results that nodes mount"};
  }
  return {};
}

Duration longest_attempt(const Study& study) {
  const Timeouts& usual = study.execution.timeouts;
  Duration longest = usual.run ? *usual.run + usual.grace : Duration(0);
  for (const Override& rule : study.overrides)
    if (const auto run = rule.run ? rule.run : usual.run)
      longest = std::max(longest, *run + rule.grace.value_or(usual.grace));
  return longest;
}

}  // namespace studyctl
