#include "engine/devices/machine_devices.h"

#include <utility>

#include "base/log.h"

namespace studyctl {

MachineDevices::MachineDevices(EventLoop& loop, Sampler& sampler, Places places, Leases::ListHeld list_held)
    : loop_(loop),
      sampler_(sampler),
      places_(std::move(places)),
      finder_(loop, places_.devices),
      quarantine_(places_.leases),
      leases_(loop, places_.leases, std::move(list_held),
              [this](const DeviceRules& rules) { return view(rules); }) {}

void MachineDevices::find(std::function<void(const std::vector<Device>&)> done) {
  asking_.push_back(std::move(done));
  if (asking_.size() > 1) return;
  finder_.find([this](const std::vector<Device>& devices) {
    leases_.set_inventory(devices);
    are_known_ = true;
    for (const auto& answer : std::exchange(asking_, {})) answer(devices);
  });
}

DeviceView MachineDevices::view(const DeviceRules& rules) {
  DeviceView view;
  if (rules.idle || rules.cooler_than) view.gpus = sampler_.gpus();
  view.quarantined = quarantine_.quarantined();
  view.now = loop_.clock().steady();
  return view;
}

void MachineDevices::note_end(const std::vector<std::string>& devices, Reason reason,
                              const std::string& message) {
  for (const std::string& device : devices) {
    if (reason == Reason::Completed) {
      quarantine_.note_success(device);
    } else if (reason == Reason::GpuFault || reason == Reason::GpuLost) {
      const std::string what = std::string(name_of(reason)) + ": " + message;
      const bool is_known = quarantine_.quarantined().contains(device);
      if (auto noted = quarantine_.note_fault(device, what, loop_.clock().now()); !noted)
        log::warning("a fault of " + device + " was not noted: " + noted.error().message);
      if (!is_known && quarantine_.quarantined().contains(device))
        log::warning(device + " is in quarantine; studyctl doctor --release " + device + " ends it");
    }
  }
}

std::vector<std::string> MachineDevices::quarantined() const {
  std::vector<std::string> found;
  for (const auto& [device, why] : quarantine_.quarantined()) found.push_back(device + ": " + why);
  return found;
}

std::map<std::string, int> count_kinds(const std::vector<Device>& devices) {
  std::map<std::string, int> counts;
  for (const Device& device : devices) ++counts[device.kind];
  return counts;
}

}  // namespace studyctl
