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
  // What runs a command in its image: the words before it. {image}, {directory}; a word with {mount} is there
  // once for each mount. Empty: no image is used.
  std::vector<std::string> wrapper;
  std::vector<std::string> namespaces;  // of its own, of engine process alone: mount, pid, net
};
struct KubernetesOptions {
  std::string namespace_name;  // empty: the context's
  std::string context;         // of the kubeconfig; empty: its current one
};

// How Slurm is used: a job array for attempts, or the allocation that the controller is in.
enum class SlurmMode : uint8_t { Auto, Jobs, Allocation };
inline constexpr std::array<std::pair<std::string_view, SlurmMode>, 3> kSlurmModes = {
    {{"auto", SlurmMode::Auto}, {"jobs", SlurmMode::Jobs}, {"allocation", SlurmMode::Allocation}}};

struct SlurmOptions {
  SlurmMode mode = SlurmMode::Auto;                 // Auto: the allocation, where there is one
  std::string partition, account, qos, constraint;  // empty: the site's default
  std::vector<std::string> extra_arguments;         // of sbatch
  ProcessOptions commands;                          // how they run on a node
};

}  // namespace studyctl
