#include "engine/devices/fitness.h"

#include <cmath>

#include "base/text.h"
#include "engine/telemetry/sampler.h"

namespace studyctl {
namespace {

std::string degrees(double celsius) {
  return std::to_string(std::lround(celsius)) + " °C";
}

std::string who_uses(const GpuReading& gpu) {
  for (const GpuProcess& process : gpu.processes) {
    std::string text = "is used by pid " + std::to_string(process.pid);
    if (!process.name.empty()) text += " (" + process.name + ")";
    if (process.memory > 0) text += ", " + human_bytes(static_cast<int64_t>(process.memory));
    return text;
  }
  const uint64_t used = gpu.memory_used.value_or(0);
  if (used <= kIdleMemory) return {};
  return "has " + human_bytes(static_cast<int64_t>(used)) +
         " of its memory in use, and no process that owns it";
}

}  // namespace

Unfit unfit_devices(const std::vector<Device>& inventory, const DeviceRules& rules, const DeviceView& view) {
  Unfit unfit;
  for (const Device& device : inventory) {
    const std::string name = device.name();
    if (const auto found = view.quarantined.find(name); found != view.quarantined.end()) {
      unfit.devices[name] = "is in quarantine: " + found->second;
      continue;
    }
    if (const auto rest = rules.resting.find(name); rest != rules.resting.end() && rest->second > view.now) {
      unfit.devices[name] = "rests for " + human_duration(rest->second - view.now) + " more";
      continue;
    }
    const GpuReading* gpu = reading_of(view.gpus, name);
    if (!gpu) continue;
    if (std::string users = rules.idle ? who_uses(*gpu) : ""; !users.empty()) {
      unfit.devices[name] = std::move(users);
      continue;
    }
    if (!rules.cooler_than || gpu->temperature.value_or(0) < *rules.cooler_than) continue;
    const std::string at = "is at " + degrees(*gpu->temperature);
    if (view.heat_borne >= rules.patience) {
      unfit.hot[name] = at;
      continue;
    }
    unfit.for_heat = true;
    unfit.devices[name] = at + ", which is not below " + degrees(*rules.cooler_than) + " (waits " +
                          human_duration(rules.patience - view.heat_borne) + " more at most)";
  }
  return unfit;
}

}  // namespace studyctl
