#include "engine/make_engine.h"

#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "engine/allocation/allocation_engine.h"
#include "engine/docker/docker_engine.h"
#include "engine/docker/endpoint.h"
#include "engine/docker/podman_service.h"
#include "engine/kubernetes/kubernetes_engine.h"
#include "engine/process/process_engine.h"
#include "engine/slurm/slurm_engine.h"

namespace studyctl {
namespace {

constexpr char kProcessScheme[] = "process://";

std::string known_words() {
  std::vector<std::string> words;
  for (const auto& [word, kind] : kEngineKinds) words.emplace_back(word);
  const std::string last = words.back();
  words.pop_back();
  return join(words, ", ") + " and " + last;
}

Result<EngineKind> kind_named(const std::string& word) {
  if (word.empty()) return EngineKind::Auto;
  for (const auto& [known, kind] : kEngineKinds)
    if (word == known) return kind;
  return Error{ErrorCode::Invalid, "engine: is '" + word + "'; there are " + known_words()};
}

// A recorded endpoint that was our own service is our own service again.
bool is_own_service(const EngineSearch& search) {
  return search.endpoint == kOwnPodmanService;
}

bool may_start_podman(const EngineSearch& search, const Error& error) {
  if (is_own_service(search)) return true;
  const bool is_named =
      !search.endpoint.empty() || !search.docker_host.empty() || !search.container_host.empty();
  if (is_named || search.kind == EngineKind::Docker) return false;
  return error.code == ErrorCode::NotFound || search.kind == EngineKind::Podman;
}

std::unique_ptr<Engine> make_job_arrays(EventLoop& loop, const EngineRequest& request, ObservationSink sink) {
  SlurmSettings settings;
  settings.options = request.slurm;
  settings.volume = request.volume;
  settings.fixed_endpoint = request.fixed_endpoint;
  settings.is_of_another = request.is_of_another;
  return std::make_unique<SlurmEngine>(loop, std::move(settings), std::move(sink));
}

Result<std::unique_ptr<Engine>> make_processes(EventLoop& loop, const EngineRequest& request,
                                               const ProcessOptions& process, ObservationSink sink) {
  ProcessEngineOptions options;
  options.directory = request.process_directory;
  options.process = process;
  options.is_of_another = request.is_of_another;
  auto engine = ProcessEngine::make(loop, std::move(options), std::move(sink));
  if (!engine) return std::move(engine).error();
  return Result<std::unique_ptr<Engine>>(*std::move(engine));
}

Result<Allocation> allocation_here() {
  return allocation_of([](const char* name) { return std::getenv(name); }, host_capacity());
}

bool began_in_allocation(const EngineRequest& request) {
  return request.fixed_endpoint.starts_with(kAllocationScheme);
}

// By the word of `kind`, "slurm" or "process".
Result<std::unique_ptr<Engine>> make_allocation(EventLoop& loop, const EngineRequest& request,
                                                const std::string& kind, ObservationSink sink) {
  auto allocation = allocation_here();
  const std::string& began = request.fixed_endpoint;
  if (!allocation && allocation.error().code == ErrorCode::NotFound && !began.empty())
    return Error{ErrorCode::Unavailable, "the run began inside of an allocation (" + began +
                                             "): go on in one, by salloc, sbatch or flux alloc"};
  if (!allocation) return std::move(allocation).error();
  if (!began.empty() && began != allocation->endpoint())
    return Error{ErrorCode::Conflict,
                 "the run began at " + began + ", and this is " + allocation->endpoint() + ": go on there"};
  AllocationSettings settings;
  settings.allocation = *std::move(allocation);
  settings.kind = kind;
  settings.directory = request.process_directory;
  settings.is_of_another = request.is_of_another;
  settings.processes = [&loop, request, kind](ObservationSink see) {
    return make_processes(loop, request, kind == "slurm" ? request.slurm.commands : request.process,
                          std::move(see));
  };
  return Result<std::unique_ptr<Engine>>(
      std::make_unique<AllocationEngine>(loop, std::move(settings), std::move(sink)));
}

// What began as job arrays goes on as such, inside of an allocation too.
Result<std::unique_ptr<Engine>> make_slurm(EventLoop& loop, const EngineRequest& request,
                                           ObservationSink sink) {
  const SlurmMode mode = request.slurm.mode;
  const bool may_choose = request.fixed_endpoint.empty() && mode == SlurmMode::Auto;
  const auto here = allocation_here();
  const bool is_here = here || here.error().code != ErrorCode::NotFound;
  if (began_in_allocation(request) || mode == SlurmMode::Allocation || (may_choose && is_here))
    return make_allocation(loop, request, "slurm", std::move(sink));
  return make_job_arrays(loop, request, std::move(sink));
}

Result<std::unique_ptr<Engine>> make_process_engine(EventLoop& loop, const EngineRequest& request,
                                                    ObservationSink sink) {
  const std::string& began = request.fixed_endpoint;
  const bool is_here = began.empty() && allocation_here();
  if (began_in_allocation(request) || is_here)
    return make_allocation(loop, request, "process", std::move(sink));
  if (!began.empty() && began != process_endpoint())
    return Error{ErrorCode::Unavailable, "the run began as processes of another machine (" + began +
                                             "), and this is " + process_endpoint() + ": go on there"};
  return make_processes(loop, request, request.process, std::move(sink));
}

// Where nobody named a container engine and there is none.
bool may_be_processes(const EngineSearch& search, const Error& error) {
  const bool is_named =
      !search.endpoint.empty() || !search.docker_host.empty() || !search.container_host.empty();
  return search.kind == EngineKind::Auto && !is_named && error.code == ErrorCode::NotFound;
}

Result<std::unique_ptr<Engine>> make_kubernetes(EventLoop& loop, const EngineRequest& request,
                                                ObservationSink sink) {
  const auto files = request.kubeconfigs ? request.kubeconfigs() : std::vector<KubeconfigFile>();
  if (!files) return files.error();
  auto access = find_cluster(*files, request.kubernetes);
  if (!access) return std::move(access).error();
  const std::string address = access->address.text();
  if (!request.fixed_endpoint.empty() && request.fixed_endpoint != address)
    return Error{ErrorCode::Conflict, access->name + " is the cluster " + address + ", and the run is on " +
                                          request.fixed_endpoint + "; name its context"};
  ClusterOptions options;
  options.is_of_another = request.is_of_another;
  options.results = request.results_claim;
  return Result<std::unique_ptr<Engine>>(std::make_unique<KubernetesEngine>(
      loop, *std::move(access), std::move(sink), request.volume, std::move(options)));
}

}  // namespace

Result<std::unique_ptr<Engine>> make_engine(EventLoop& loop, const EngineRequest& request,
                                            ObservationSink sink) {
  const auto kind = kind_named(request.wanted);
  if (!kind) return kind.error();
  if (*kind == EngineKind::Slurm || request.fixed_endpoint.starts_with("slurm://"))
    return make_slurm(loop, request, std::move(sink));
  if (*kind == EngineKind::Process || request.fixed_endpoint.starts_with(kProcessScheme) ||
      began_in_allocation(request))
    return make_process_engine(loop, request, std::move(sink));
  if (*kind == EngineKind::Kubernetes) return make_kubernetes(loop, request, std::move(sink));
  EngineSearch search = EngineSearch::from_environment(*kind);
  search.endpoint = request.fixed_endpoint;
  auto endpoint =
      is_own_service(search) ? Result<Endpoint>(Error{ErrorCode::NotFound, {}}) : find_endpoint(loop, search);
  std::unique_ptr<PodmanService> service;
  if (!endpoint && may_start_podman(search, endpoint.error())) {
    auto started = PodmanService::start(loop, service_directory());
    const bool is_installed = started || started.error().code != ErrorCode::NotFound;
    if (!started && (is_installed || is_own_service(search))) return std::move(started).error();
    if (started) {
      service = std::move(*started);
      endpoint = service->endpoint();
    }
  }
  if (!endpoint && may_be_processes(search, endpoint.error())) {
    log::warning(
        "NO CONTAINER ENGINE was found: experiments run as plain processes of this machine, and no image is "
        "used; install Docker or Podman for containers, or say --engine process to be asked no more");
    return make_process_engine(loop, request, std::move(sink));
  }
  if (!endpoint) return std::move(endpoint).error();
  DockerOptions options;
  options.devices.gpus = request.gpus;
  if (!request.lease_directory.empty()) options.lease_directory = request.lease_directory;
  options.is_of_another = request.is_of_another;
  if (request.metrics) options.metrics = EngineMetrics(*request.metrics);
  auto engine =
      std::make_unique<DockerEngine>(loop, std::move(*endpoint), std::move(sink), request.volume, options);
  if (service) engine->own(std::move(service));
  return Result<std::unique_ptr<Engine>>(std::move(engine));
}

}  // namespace studyctl
