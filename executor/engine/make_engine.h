#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/kubernetes/access.h"
#include "engine/kubernetes/job_body.h"
#include "io/event_loop.h"

namespace studyctl {

struct EngineRequest {
  std::string wanted = "auto";              // a word of kEngineKinds
  std::string fixed_endpoint;               // where the run began: this one and no other, when not empty
  std::string volume;                       // the UUID of the results volume, on every container's label
  std::filesystem::path process_directory;  // of the volume, where the supervisor of its processes works
  std::string lease_directory;              // empty: /run/lock/studyctl
  std::string gpus;                         // empty: what the machine says
  // Whether another controller of this process drives a run: what is there of it is left alone. May be empty.
  std::function<bool(const std::string& run)> is_of_another{};
  ProcessOptions process{};
  KubernetesOptions kubernetes{};
  bool looks_only = false;           // nothing will run: a cluster need not allow it in its namespace
  ClaimedDirectory results_claim{};  // what a cluster calls the results
  CarryOptions carry{};              // how they come to it where it does not see them
  // Asked where a cluster is wanted; may be empty.
  std::function<Result<std::vector<KubeconfigFile>>()> kubeconfigs{};
  SlurmOptions slurm{};
  Duration longest{0};         // attempt of the study, with its grace; 0: not known
  Metrics* metrics = nullptr;  // of the run, where somebody looks; outlives the engine
};

// Finds the engine that is wanted, or starts Podman's service where Podman is installed and nothing listens,
// and makes an Engine of it. "auto" takes plain processes where there is no container engine at all, and says
// so. Runs the loop meanwhile, for some seconds at most: for before a run only. The error says in one
// sentence what was tried and what to do. `loop` must outlive the engine.
Result<std::unique_ptr<Engine>> make_engine(EventLoop& loop, const EngineRequest& request,
                                            ObservationSink sink);

}  // namespace studyctl
