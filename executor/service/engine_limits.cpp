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

// What is of a machine is a node's, of which the controller sees nothing.
std::vector<std::string> not_heeded_by_kubernetes(const Study& study) {
  const Execution& execution = study.execution;
  std::vector<std::string> problems;
  const auto refuse = [&](bool is_asked, const std::string& field, const std::string& instead) {
    if (is_asked) problems.push_back("spec." + field + ": engine kubernetes cannot see to it: " + instead);
  };
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

// What keeps a workload from something is never left out.
std::vector<std::string> not_heeded_on_one_box(const Study& study) {
  if (!study.pod.cluster_fields.contains(kPodSecurity)) return {};
  return {"spec.template.spec.securityContext: is for pods of a cluster: set it on the container"};
}

}  // namespace

std::vector<std::string> not_heeded(const Study& study, const std::string& kind) {
  return kind == "kubernetes" ? not_heeded_by_kubernetes(study) : not_heeded_on_one_box(study);
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
