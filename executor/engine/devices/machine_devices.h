#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/devices/inventory.h"
#include "engine/devices/leases.h"
#include "engine/devices/quarantine.h"
#include "engine/telemetry/sampler.h"
#include "model/states.h"

namespace studyctl {

inline constexpr char kLeaseDirectory[] = "/run/lock/studyctl";

// The devices of this machine as an engine has them: which there are, who leases them, and which are not to
// be had. Control thread only.
class MachineDevices {
 public:
  struct Places {
    std::filesystem::path leases = kLeaseDirectory;
    DevicePlaces devices{};
  };
  // `loop` and `sampler` must outlive it. `list_held`: what containers of this machine hold.
  MachineDevices(EventLoop& loop, Sampler& sampler, Places places, Leases::ListHeld list_held);

  // Looks what there is, which takes a second or two where a driver is slow. Nothing is leased before.
  void find(std::function<void(const std::vector<Device>&)> done);
  bool are_known() const { return are_known_; }

  Leases& leases() { return leases_; }
  const Places& places() const { return places_; }

  // See Engine.
  void note_end(const std::vector<std::string>& devices, Reason reason, const std::string& message);
  std::vector<std::string> quarantined() const;

 private:
  DeviceView view(const DeviceRules& rules);

  EventLoop& loop_;
  Sampler& sampler_;
  Places places_;
  DeviceFinder finder_;
  Quarantine quarantine_;
  Leases leases_;
  std::vector<std::function<void(const std::vector<Device>&)>> asking_;
  bool are_known_ = false;
};

// How many there are of each kind.
std::map<std::string, int> count_kinds(const std::vector<Device>& devices);

}  // namespace studyctl
