#include "engine/allocation/allocation.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "engine/slurm/ending.h"

namespace studyctl {
namespace {

std::string text_of(const VariableOf& variable, const char* name) {
  const char* value = variable(name);
  return value ? value : "";
}

int64_t number_of(const VariableOf& variable, const char* name) {
  const std::string text = text_of(variable, name);
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// As the scheduler's own variables leave them: what a process of the allocation sees.
void read_gpus(const VariableOf& variable, Allocation& allocation) {
  for (const auto& [name, kind] : {std::pair("CUDA_VISIBLE_DEVICES", "nvidia.com/gpu"),
                                   std::pair("ROCR_VISIBLE_DEVICES", "amd.com/gpu")}) {
    const std::string text = text_of(variable, name);
    if (text.empty() || text.starts_with("NoDevFiles") || text == "-1") continue;
    allocation.gpu_kind = kind;
    for (const std::string& gpu : split(text, ',')) allocation.gpus.emplace_back(trim(gpu));
    return;
  }
}

Result<Allocation> slurm_allocation(const VariableOf& variable, const HostCapacity& machine) {
  Allocation allocation;
  allocation.id = text_of(variable, "SLURM_JOB_ID");
  allocation.cluster = text_of(variable, "SLURM_CLUSTER_NAME");
  allocation.node = text_of(variable, "SLURMD_NODENAME");
  allocation.nodes = static_cast<int>(std::max<int64_t>(1, number_of(variable, "SLURM_JOB_NUM_NODES")));
  if (allocation.node.empty())
    return Error{ErrorCode::Invalid, allocation.name() + " has " + text_of(variable, "SLURM_JOB_NODELIST") +
                                         ", and this shell, which salloc began, runs beside it: write srun " +
                                         "--ntasks=1 --cpus-per-task=N before studyctl"};
  allocation.room = machine;
  const int64_t cpus = number_of(variable, "SLURM_CPUS_ON_NODE");
  if (cpus > 0) allocation.room.millicpu = std::min(machine.millicpu, cpus * 1000);
  int64_t megabytes = number_of(variable, "SLURM_MEM_PER_NODE");
  if (megabytes == 0) megabytes = number_of(variable, "SLURM_MEM_PER_CPU") * cpus;
  if (megabytes > 0)
    allocation.room.memory_bytes = std::min(machine.memory_bytes, megabytes * (int64_t{1} << 20));
  read_gpus(variable, allocation);
  return allocation;
}

Allocation flux_allocation(const VariableOf& variable, const HostCapacity& machine) {
  Allocation allocation;
  allocation.scheduler = Allocation::Scheduler::Flux;
  allocation.id = text_of(variable, "FLUX_ENCLOSING_ID");
  if (allocation.id.empty()) allocation.id = text_of(variable, "FLUX_JOB_ID");
  allocation.nodes = static_cast<int>(std::max<int64_t>(1, number_of(variable, "FLUX_JOB_NNODES")));
  allocation.room = machine;
  read_gpus(variable, allocation);
  return allocation;
}

}  // namespace

std::string Allocation::endpoint() const {
  return std::string(kAllocationScheme) + (scheduler == Scheduler::Slurm ? "slurm/" + cluster : "flux");
}

Result<Allocation> allocation_of(const VariableOf& variable, const HostCapacity& machine) {
  if (!text_of(variable, "FLUX_ENCLOSING_ID").empty() || !text_of(variable, "FLUX_JOB_ID").empty())
    return flux_allocation(variable, machine);
  if (!text_of(variable, "SLURM_JOB_ID").empty()) return slurm_allocation(variable, machine);
  return Error{ErrorCode::NotFound,
               "this is no allocation: there is neither SLURM_JOB_ID nor FLUX_ENCLOSING_ID; run it within "
               "salloc, sbatch or flux alloc"};
}

std::vector<std::string> time_left_words(const Allocation& allocation) {
  if (allocation.scheduler == Allocation::Scheduler::Flux) return {"flux", "job", "timeleft"};
  return {"squeue", "--noheader", "--states=all", "--jobs=" + allocation.id, "--format=%T|%L"};
}

Result<std::optional<Duration>> parse_time_left(const Allocation& allocation, const std::string& answer) {
  const std::string text(trim(answer));
  if (allocation.scheduler == Allocation::Scheduler::Flux) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || !std::isfinite(seconds) || seconds > 1e9) return std::optional<Duration>();
    return std::optional(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
  }
  const std::vector<std::string> parts = split(text, '|');
  const bool runs = parts.size() == 2 && (parts[0] == "RUNNING" || parts[0] == "SUSPENDED");
  if (!runs) return Error{ErrorCode::NotFound, allocation.name() + " has ended"};
  return parse_time_left(parts[1]);
}

}  // namespace studyctl
