#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace studyctl {

// A process that computes on a device.
struct GpuProcess {
  int pid = 0;
  uint64_t memory = 0;  // bytes; 0 where the driver does not tell
  std::string name;     // empty where it is of another pid namespace, or gone
};

// One NVIDIA device as its driver sees it now. What the device or driver does not tell is absent.
struct GpuReading {
  unsigned index = 0;                     // as the driver counts
  std::string id;                         // "GPU-…", as leases name it
  std::optional<double> temperature;      // °C
  std::optional<double> power;            // W
  std::optional<double> clock;            // of the multiprocessors, MHz
  std::optional<double> utilization;      // of a kernel running, 0 to 1
  std::optional<double> energy;           // J since the driver was loaded
  std::optional<uint64_t> memory_used;    // bytes
  std::optional<uint64_t> ecc_errors;     // uncorrected, since the driver was loaded
  std::vector<std::string> throttled_by;  // "hardware thermal", "power cap", …: what holds its clock down now
  std::vector<GpuProcess> processes;
  std::string pci;  // "0000:65:00", as the kernel's log names it
};

// NVIDIA's management library, taken at run time where there is one, so that studyctl needs no driver to be
// built or run (NVML API reference, docs.nvidia.com/deploy/nvml-api). Control thread only; a call takes about
// a millisecond.
class Nvml {
 public:
  // Null where `library` is not there or no driver answers.
  static std::unique_ptr<Nvml> open(const std::string& library = "libnvidia-ml.so.1");
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  // All devices now. One that has fallen off the bus is left out.
  std::vector<GpuReading> read();
  std::string driver_version();

 private:
  struct Calls;
  Nvml(void* library, std::unique_ptr<Calls> calls);

  void* library_;
  std::unique_ptr<Calls> calls_;
};

}  // namespace studyctl
