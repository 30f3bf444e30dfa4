#include "engine/make_engine.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "base/machine_boot.h"
#include "base/text.h"
#include "engine/allocation/allocation_engine.h"
#include "engine/devices/lease_files.h"
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
  settings.longest = request.longest;
  settings.is_of_another = request.is_of_another;
  return std::make_unique<SlurmEngine>(loop, std::move(settings), std::move(sink));
}

ProcessEngineOptions process_options(const EngineRequest& request) {
  ProcessEngineOptions options;
  options.directory = request.process_directory;
  options.process = request.process;
  options.is_of_another = request.is_of_another;
  options.devices.devices.gpus = request.gpus;
  if (!request.lease_directory.empty()) options.devices.leases = request.lease_directory;
  const EngineSearch named = EngineSearch::from_environment(EngineKind::Auto);
  for (const std::string& socket : {named.docker_host, named.container_host})
    if (socket.starts_with("unix://")) options.other_sockets.push_back(socket);
  return options;
}

Result<std::unique_ptr<Engine>> make_processes(EventLoop& loop, ProcessEngineOptions options,
                                               ObservationSink sink) {
  auto engine = ProcessEngine::make(loop, std::move(options), std::move(sink));
  if (!engine) return std::move(engine).error();
  return Result<std::unique_ptr<Engine>>(*std::move(engine));
}

// A scheduler numbers the GPUs of each of its jobs anew: those of one job share leases, and no others. They
// lie where each user of each machine may write.
MachineDevices::Places devices_of(const Allocation& allocation, const std::string& lease_directory) {
  const bool is_slurm = allocation.scheduler == Allocation::Scheduler::Slurm;
  const std::string job = std::string(is_slurm ? "slurm-" : "flux-") + allocation.id;
  MachineDevices::Places places;
  places.leases = "/dev/shm/studyctl-" + std::to_string(geteuid()) + "-" + job;
  if (!lease_directory.empty()) {
    make_lease_directory(lease_directory);
    places.leases = std::filesystem::path(lease_directory) / job;
  }
  places.devices = {{}, {}, allocation.gpus.empty() ? "none" : join(allocation.gpus, ",")};
  if (!allocation.gpus.empty()) places.devices.gpu_kind = allocation.gpu_kind;
  return places;
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
  ProcessEngineOptions options = process_options(request);
  if (kind == "slurm") options.process = request.slurm.commands;
  options.devices = devices_of(settings.allocation, request.lease_directory);
  settings.processes = [&loop, options](ObservationSink see) {
    return make_processes(loop, options, std::move(see));
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
  return make_processes(loop, process_options(request), std::move(sink));
}

// Where nobody named a container engine and there is none.
bool may_be_processes(const EngineSearch& search, const Error& error) {
  const bool is_named =
      !search.endpoint.empty() || !search.docker_host.empty() || !search.container_host.empty();
  return search.kind == EngineKind::Auto && !is_named && error.code == ErrorCode::NotFound;
}

Result<std::unique_ptr<Engine>> make_kubernetes(EventLoop& loop, const EngineRequest& request,
                                                ObservationSink sink) {
  auto access = find_cluster(request.kubeconfigs, request.kubernetes);
  if (!access) return std::move(access).error();
  const std::string address = access->address.text();
  if (!request.fixed_endpoint.empty() && request.fixed_endpoint != address)
    return Error{ErrorCode::Conflict, access->name + " is the cluster " + address + ", and the run is on " +
                                          request.fixed_endpoint + "; name its context"};
  ClusterOptions options;
  options.is_of_another = request.is_of_another;
  options.results = request.results_claim;
  options.looks_only = request.looks_only;
  options.carry = request.carry;
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
  if (endpoint->is_local()) options.boot = this_boot().id;
  if (request.metrics) options.metrics = EngineMetrics(*request.metrics);
  auto engine =
      std::make_unique<DockerEngine>(loop, std::move(*endpoint), std::move(sink), request.volume, options);
  if (service) engine->own(std::move(service));
  return Result<std::unique_ptr<Engine>>(std::move(engine));
}

}  // namespace studyctl
