#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace studyctl {

enum class EngineKind : uint8_t { Auto, Docker, Podman, Process, Kubernetes, Slurm };
inline constexpr std::array<std::pair<std::string_view, EngineKind>, 6> kEngineKinds = {
    {{"auto", EngineKind::Auto},
     {"docker", EngineKind::Docker},
     {"podman", EngineKind::Podman},
     {"process", EngineKind::Process},
     {"kubernetes", EngineKind::Kubernetes},
     {"slurm", EngineKind::Slurm}}};
constexpr std::string_view name_of(EngineKind kind) {
  return kEngineKinds[static_cast<size_t>(kind)].first;
}

// What one engine alone is told.
struct ProcessOptions {
  std::string setup;                     // shell commands before the workload's
  std::vector<std::string> inherit_env;  // names of variables that the workload gets from here
};
struct KubernetesOptions {
  std::string namespace_name;  // empty: the context's
  std::string context;         // of the kubeconfig; empty: its current one
};
struct SlurmOptions {
  std::string partition, account, qos, constraint;  // empty: the site's default
  std::vector<std::string> extra_arguments;         // of sbatch
};

}  // namespace studyctl
