#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/devices/device.h"
#include "engine/engine.h"
#include "engine/telemetry/nvml.h"

namespace studyctl {

// What is known of the devices that nobody leases, beside who leases the others.
struct DeviceView {
  std::vector<GpuReading> gpus;
  std::map<std::string, std::string> quarantined;  // device → why
  Steady now{};
  Duration heat_borne{0};  // how long hot devices have been waited for
};

// Why devices are not given out now: device → a clause for people, "is at 78 °C, …".
struct Unfit {
  std::map<std::string, std::string> devices;
  bool for_heat = false;                   // … one of them
  std::map<std::string, std::string> hot;  // those that are hot, and given out all the same
};

Unfit unfit_devices(const std::vector<Device>& inventory, const DeviceRules& rules, const DeviceView& view);

// A GPU that is idle has some memory in use by its driver and by displays.
inline constexpr uint64_t kIdleMemory = uint64_t{1} << 30;

}  // namespace studyctl
