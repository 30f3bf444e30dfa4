#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace studyctl {

// What one device was like while an attempt had it.
struct GpuConditions {
  std::string id;
  std::optional<double> temperature_max;  // °C
  std::optional<double> power_mean;       // W
  std::optional<double> energy;           // J
  std::optional<double> clock_mean;       // MHz
  std::optional<double> clock_min;
  std::optional<double> utilization_mean;  // 0 to 1
  std::vector<std::string> throttled_by;   // every reason that was seen
  uint64_t ecc_errors = 0;                 // uncorrected ones that came meanwhile

  bool operator==(const GpuConditions&) const = default;
};

// What the machine was like while an attempt ran: what a reader needs to trust its measurement, or not to.
struct Conditions {
  uint32_t samples = 0;
  double own_cores = 0;        // that the attempt kept busy, on average
  double strangers_cores = 0;  // that others than this controller's attempts did; told from a second on
  uint64_t oom_kills = 0;      // of its processes, by its memory limit
  std::optional<double> cpu_mhz_mean;
  std::optional<double> temperature_max;  // °C, of the CPU
  uint64_t throttles = 0;                 // how often CPU cores were slowed for their heat
  std::optional<double> energy;           // J of the CPU packages, all attempts together
  // Where who ran it counted: CPU time of all its processes, also of one too short to be looked at, and bytes
  // that the largest of them had in memory.
  std::optional<double> cpu_seconds;
  std::optional<uint64_t> memory_peak;
  std::vector<GpuConditions> gpus;
  // Why a measurement may be off: `throttled`, `disturbed`. `results --clean` leaves such attempts out.
  std::vector<std::string> flags;
  // The same for people: "throttled: GPU-1 hardware thermal", "2.1 cores were busy with other work".
  std::vector<std::string> disturbances;

  bool operator==(const Conditions&) const = default;
};

}  // namespace studyctl
