#include "engine/telemetry/nvml.h"

#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <utility>

namespace studyctl {
namespace {

// Of nvml.h, whose layout is NVIDIA's promise; the header itself is no part of Debian.
using Handle = struct nvmlDevice_st*;
constexpr int kSuccess = 0;
constexpr int kTemperatureOfGpu = 0;
constexpr int kClockOfMultiprocessors = 1;
constexpr int kUncorrected = 1;
constexpr int kSinceLoaded = 0;
constexpr unsigned long long kUnknown = ~0ull;

struct Utilization {
  unsigned gpu, memory;
};
struct Memory {
  unsigned long long total, free, used;
};
struct Memory2 {
  unsigned version;
  unsigned long long total, reserved, free, used;
};
constexpr unsigned kMemory2 = sizeof(Memory2) | (2u << 24);
struct Pci {
  char legacy[16];
  unsigned domain, bus, device, id, subsystem;
  char text[32];
};
struct Process {
  unsigned pid;
  unsigned long long memory;
  unsigned gpu_instance, compute_instance;
};

// nvmlClocksThrottleReasons; an idle GPU and clocks that somebody asked for are no throttling.
constexpr std::array<std::pair<unsigned long long, const char*>, 5> kThrottles = {
    {{0x04, "power cap"},
     {0x08, "hardware slowdown"},
     {0x20, "software thermal"},
     {0x40, "hardware thermal"},
     {0x80, "power brake"}}};

std::string name_of_process(int pid) {
  std::string name;
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::getline(file, name);
  return name;
}

template <typename Call>
void find(void* library, const char* name, Call& call) {
  call = reinterpret_cast<Call>(dlsym(library, name));
}

// What `call` puts into a variable of its own, where there is such a call and it succeeds.
template <typename Value, typename Call, typename... Arguments>
std::optional<Value> ask(Call call, Arguments... arguments) {
  Value value{};
  if (!call || call(arguments..., &value) != kSuccess) return std::nullopt;
  return value;
}

}  // namespace

struct Nvml::Calls {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*driver)(char*, unsigned) = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*device)(unsigned, Handle*) = nullptr;
  int (*uuid)(Handle, char*, unsigned) = nullptr;
  int (*temperature)(Handle, int, unsigned*) = nullptr;
  int (*power)(Handle, unsigned*) = nullptr;
  int (*clock)(Handle, int, unsigned*) = nullptr;
  int (*utilization)(Handle, Utilization*) = nullptr;
  int (*energy)(Handle, unsigned long long*) = nullptr;
  int (*memory)(Handle, Memory*) = nullptr;
  int (*memory2)(Handle, Memory2*) = nullptr;
  int (*pci)(Handle, Pci*) = nullptr;
  int (*ecc)(Handle, int, int, unsigned long long*) = nullptr;
  int (*throttles)(Handle, unsigned long long*) = nullptr;
  int (*processes)(Handle, unsigned*, Process*) = nullptr;

  explicit Calls(void* library) {
    find(library, "nvmlInit_v2", init);
    find(library, "nvmlShutdown", shutdown);
    find(library, "nvmlSystemGetDriverVersion", driver);
    find(library, "nvmlDeviceGetCount_v2", count);
    find(library, "nvmlDeviceGetHandleByIndex_v2", device);
    find(library, "nvmlDeviceGetUUID", uuid);
    find(library, "nvmlDeviceGetTemperature", temperature);
    find(library, "nvmlDeviceGetPowerUsage", power);
    find(library, "nvmlDeviceGetClockInfo", clock);
    find(library, "nvmlDeviceGetUtilizationRates", utilization);
    find(library, "nvmlDeviceGetTotalEnergyConsumption", energy);
    find(library, "nvmlDeviceGetMemoryInfo", memory);
    find(library, "nvmlDeviceGetMemoryInfo_v2", memory2);
    find(library, "nvmlDeviceGetPciInfo_v3", pci);
    find(library, "nvmlDeviceGetTotalEccErrors", ecc);
    find(library, "nvmlDeviceGetCurrentClocksThrottleReasons", throttles);
    find(library, "nvmlDeviceGetComputeRunningProcesses_v3", processes);
  }

  bool usable() const { return init && count && device && uuid; }

  std::vector<GpuProcess> processes_on(Handle handle) const {
    std::array<Process, 64> running{};
    unsigned many = running.size();
    if (!processes || processes(handle, &many, running.data()) != kSuccess) return {};
    std::vector<GpuProcess> found;
    for (unsigned i = 0; i < many; ++i) {
      const auto pid = static_cast<int>(running[i].pid);
      found.push_back({pid, running[i].memory == kUnknown ? 0 : running[i].memory, name_of_process(pid)});
    }
    return found;
  }

  // The second call does not count what the driver reserves for itself.
  std::optional<uint64_t> memory_used_on(Handle handle) const {
    Memory2 second{};
    second.version = kMemory2;
    if (memory2 && memory2(handle, &second) == kSuccess) return second.used;
    const auto held = ask<Memory>(memory, handle);
    return held ? std::optional<uint64_t>(held->used) : std::nullopt;
  }

  std::string pci_of(Handle handle) const {
    const auto found = ask<Pci>(pci, handle);
    std::array<char, 32> text{};
    if (found)
      std::snprintf(text.data(), text.size(), "%04x:%02x:%02x", found->domain, found->bus, found->device);
    return text.data();
  }

  std::optional<GpuReading> read(unsigned index) const {
    const auto handle = ask<Handle>(device, index);
    std::array<char, 96> name{};
    if (!handle || uuid(*handle, name.data(), name.size()) != kSuccess) return std::nullopt;
    GpuReading reading;
    reading.index = index;
    reading.id = name.data();
    reading.temperature = ask<unsigned>(temperature, *handle, kTemperatureOfGpu);
    if (const auto drawn = ask<unsigned>(power, *handle)) reading.power = *drawn * 1e-3;
    reading.clock = ask<unsigned>(clock, *handle, kClockOfMultiprocessors);
    if (const auto busy = ask<Utilization>(utilization, *handle)) reading.utilization = busy->gpu / 100.0;
    if (const auto spent = ask<unsigned long long>(energy, *handle))
      reading.energy = static_cast<double>(*spent) * 1e-3;
    reading.memory_used = memory_used_on(*handle);
    reading.pci = pci_of(*handle);
    reading.ecc_errors = ask<unsigned long long>(ecc, *handle, kUncorrected, kSinceLoaded);
    if (const auto reasons = ask<unsigned long long>(throttles, *handle)) {
      for (const auto& [bit, word] : kThrottles)
        if (*reasons & bit) reading.throttled_by.emplace_back(word);
    }
    reading.processes = processes_on(*handle);
    return reading;
  }
};

Nvml::Nvml(void* library, std::unique_ptr<Calls> calls) : library_(library), calls_(std::move(calls)) {}

std::unique_ptr<Nvml> Nvml::open(const std::string& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return nullptr;
  auto calls = std::make_unique<Calls>(handle);
  if (!calls->usable() || calls->init() != kSuccess) {
    dlclose(handle);
    return nullptr;
  }
  return std::unique_ptr<Nvml>(new Nvml(handle, std::move(calls)));
}

Nvml::~Nvml() {
  if (calls_->shutdown) calls_->shutdown();
  dlclose(library_);
}

std::vector<GpuReading> Nvml::read() {
  std::vector<GpuReading> readings;
  const unsigned devices = ask<unsigned>(calls_->count).value_or(0);
  for (unsigned i = 0; i < devices; ++i) {
    if (auto reading = calls_->read(i)) readings.push_back(std::move(*reading));
  }
  return readings;
}

std::string Nvml::driver_version() {
  std::array<char, 96> version{};
  if (!calls_->driver || calls_->driver(version.data(), version.size()) != kSuccess) return {};
  return version.data();
}

}  // namespace studyctl
