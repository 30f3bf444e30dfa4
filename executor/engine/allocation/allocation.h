#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/host_capacity.h"

namespace studyctl {

// What a batch scheduler has given to this process: a part of the machine, for some time.
struct Allocation {
  enum class Scheduler : uint8_t { Slurm, Flux };
  Scheduler scheduler = Scheduler::Slurm;
  std::string id;                 // the job's
  std::string cluster;            // empty where it has no name
  std::string node;               // this machine, as the scheduler calls it
  int nodes = 1;                  // all that were given
  HostCapacity room;              // of this machine
  std::string gpu_kind;           // "nvidia.com/gpu", "amd.com/gpu"; empty without GPUs
  std::vector<std::string> gpus;  // as the variable names them by which a process sees them

  std::string name() const { return (scheduler == Scheduler::Slurm ? "Slurm job " : "Flux job ") + id; }
  // Where a run can go on that began in it: in any allocation of the same cluster.
  std::string endpoint() const;
};
inline constexpr char kAllocationScheme[] = "allocation://";

// The value of a variable of the environment, or null.
using VariableOf = std::function<const char*(const char* name)>;

// The allocation that this process is in, of a machine that has `machine`; NotFound outside of all. Invalid:
// its job is known, but this shell runs beside its nodes.
Result<Allocation> allocation_of(const VariableOf& variable, const HostCapacity& machine);

// The command that tells how much time is left, and what it says: nothing where there is no end; NotFound
// where the job has ended.
std::vector<std::string> time_left_words(const Allocation& allocation);
Result<std::optional<Duration>> parse_time_left(const Allocation& allocation, const std::string& answer);

}  // namespace studyctl
