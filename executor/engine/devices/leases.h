#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "engine/devices/device.h"
#include "engine/devices/fitness.h"
#include "io/event_loop.h"
#include "model/study.h"

namespace studyctl {

// The label that says which devices a container holds: their names, separated by commas.
inline constexpr char kDevicesLabel[] = "studyctl.io/devices";

// Who holds a device now.
struct DeviceHolder {
  std::string name;  // for people: "container c1", "process p1"
  std::string study;
};
// Device name → holder, over all engines of this machine and all volumes.
using HeldDevices = std::map<std::string, DeviceHolder>;

// Gives whole devices to one attempt at a time. A lease is nothing but the label of a container that exists,
// or a LeaseFile that somebody holds; the lock of the lease directory only keeps two controllers from
// choosing at once. Control thread only.
class Leases {
 public:
  using Ticket = uint64_t;
  // Lists what containers hold; an error means that it cannot be known.
  using ListHeld = std::function<void(std::function<void(Result<HeldDevices>)>)>;
  using Progress = std::function<void(const std::string& message)>;
  // The devices that are the caller's as soon as a container with their label, or a file, exists. It must
  // call release() with its ticket then, or when it gave up: until then nobody on the machine can choose.
  using Granted = std::function<void(Result<std::vector<Device>>)>;
  // What the machine tells of its devices now: readings are asked for only where `rules` need them.
  using View = std::function<DeviceView(const DeviceRules& rules)>;

  Leases(EventLoop& loop, std::filesystem::path directory, ListHeld list_held, View view);
  ~Leases();

  // What there is on this machine. Until it is known nothing is granted.
  void set_inventory(std::vector<Device> devices);
  const std::vector<Device>& inventory() const { return inventory_; }

  struct Wanted {
    std::vector<DeviceRequest> devices;  // none: it waits for the machine's to cool, where `rules` say so
    DeviceRules rules;
    Progress warn{};  // told of a device that is taken though it is hot
  };
  // Waits until the wanted devices are free, and as `rules` want them. NotFound at once when the machine has
  // too few of them.
  Ticket acquire(Wanted wanted, Progress progress, Granted granted);
  // Leaves the queue, or unlocks. Unknown tickets are ignored.
  void release(Ticket ticket);
  // A container that held devices is gone: look again now.
  void poke();

 private:
  struct Waiter {
    Ticket ticket;
    Wanted wanted;
    Progress progress;
    Granted granted;
    std::optional<Steady> hot_since;  // it has waited for heat alone, or among other things
  };
  void serve();
  void serve_soon(Duration delay);
  bool lock();
  void choose(Result<HeldDevices> held);
  Result<std::vector<Device>> choose_for(Waiter& waiter, const HeldDevices& held);
  void grant(const Waiter& waiter, Result<std::vector<Device>> devices);

  EventLoop& loop_;
  std::filesystem::path directory_;
  ListHeld list_held_;
  View view_;
  std::vector<Device> inventory_;
  bool has_inventory_ = false;
  std::deque<Waiter> waiting_;
  Ticket owner_ = 0;  // who was granted and has not released, or is being chosen for
  Fd lock_;
  EventLoop::Token timer_ = 0;
  bool timer_set_ = false;
  Ticket next_ = 1;
};

// The devices for `wanted` that nobody holds and that are fit, or what it waits for: Conflict with a
// sentence; NotFound when the machine has not that many at all.
Result<std::vector<Device>> choose_devices(const std::vector<Device>& inventory, const HeldDevices& held,
                                           const Unfit& unfit, const std::vector<DeviceRequest>& wanted);

}  // namespace studyctl
