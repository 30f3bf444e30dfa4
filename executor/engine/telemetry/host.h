#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace studyctl {

// A counter of joules that begins again at 0 when it has reached `wraps_at`.
struct EnergyCounter {
  double joules;
  double wraps_at;
};

// This machine as the kernel sees it now. What it does not tell (in a virtual machine, mostly) is absent.
struct HostReading {
  double busy_seconds = 0;            // of all its CPUs together, since it booted
  std::optional<double> cpu_mhz;      // the mean over its CPUs
  std::optional<double> temperature;  // °C, of the hottest CPU sensor
  std::optional<uint64_t> throttles;  // how often its cores were slowed for their heat, since it booted
  std::vector<EnergyCounter> energy;  // of each CPU package
};

struct HostPlaces {
  std::filesystem::path proc = "/proc";
  std::filesystem::path sys = "/sys";
};

// A fraction of a millisecond.
HostReading read_host(const HostPlaces& places = {});

// The control groups of `pid`, as one text that is the same for all processes of a container; empty when it
// is gone. One that has ended and was not waited for is in the root, as are those that have none.
std::string groups_of(int pid, const HostPlaces& places = {});

// What the control group at `group` has counted, of processes that are gone too; nothing when nobody can
// tell. cgroup v1, where it is of the hierarchy that counts it, and v2.
std::optional<double> cpu_seconds_in(const std::filesystem::path& group);
// How often the kernel killed there for the memory limit.
std::optional<uint64_t> oom_kills_in(const std::filesystem::path& group);

// CPU seconds that the processes of these control groups have used, they and those that are gone; nothing
// when the groups are gone, or the root. cgroup v1 and v2.
std::optional<double> cpu_seconds_of_groups(const std::string& groups, const HostPlaces& places = {});

// CPU seconds that `pid` has used, and its descendants that live or that were waited for; nothing when it is
// gone. For processes without a control group of their own.
std::optional<double> cpu_seconds_of_tree(int pid, const HostPlaces& places = {});

// How often the kernel killed in them for their memory limit; nothing when nobody can tell, or in the root.
// cgroup v1 and v2.
std::optional<uint64_t> oom_kills_of_groups(const std::string& groups, const HostPlaces& places = {});

}  // namespace studyctl
