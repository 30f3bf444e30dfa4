#include "control/container_spec.h"

namespace studyctl {

Result<ContainerSpec> container_spec(const Container& container, const ContainerParts& parts) {
  ContainerSpec spec;
  spec.name = container.name;
  spec.sidecar = container.sidecar;
  spec.cluster_fields = container.cluster_fields;
  spec.image = container.image;
  spec.pull_policy = container.pull_policy;
  spec.command = container.command;
  spec.arguments = container.arguments;
  spec.working_directory = container.working_directory;
  spec.resources = container.resources;
  spec.security = container.security;
  spec.environment = parts.pod.environment;
  for (const EnvironmentVariable& variable : container.environment) {
    std::string value = variable.value;
    if (variable.secret) {
      auto secret = parts.secret(*variable.secret);
      if (!secret) return std::move(secret).error();
      value = *std::move(secret);
      spec.secret_variables.insert(variable.name);
    }
    std::erase_if(spec.environment, [&](const auto& pair) { return pair.first == variable.name; });
    spec.environment.emplace_back(variable.name, std::move(value));
  }
  auto mounts = mounts_of(container, parts.study.pod, parts.study.results.path, parts.paths);
  if (!mounts) return std::move(mounts).error();
  spec.mounts = *std::move(mounts);
  return spec;
}

void put_template(const PodTemplate& pod, AttemptSpec& spec) {
  spec.labels.insert(pod.labels.begin(), pod.labels.end());
  spec.image_pull_secrets = pod.image_pull_secrets;
  spec.cluster_fields = pod.cluster_fields;
  spec.annotations = pod.annotations;
  spec.host_network = pod.host_network;
  spec.share_process_namespace = pod.share_process_namespace;
}

}  // namespace studyctl
