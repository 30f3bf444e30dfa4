#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "engine/devices/machine_devices.h"
#include "engine/engine.h"

namespace studyctl {

// The devices of one attempt, from when they are waited for until its process holds them itself. What nobody
// holds when this object goes is free. Control thread only.
class ProcessLease {
 public:
  // `devices` must outlive it.
  explicit ProcessLease(MachineDevices& devices) : devices_(devices) {}
  ~ProcessLease();
  ProcessLease(const ProcessLease&) = delete;
  ProcessLease& operator=(const ProcessLease&) = delete;

  struct Callbacks {
    std::function<void(const std::string&message)> progress, warn, refused;
    std::function<void()> granted;
  };
  // Once. Calls back from the loop.
  void acquire(const AttemptSpec& spec, Callbacks callbacks);
  // Its supervisor holds the file now, and its processes do: it is free when they have ended.
  void hand_over() { held_ = Fd(); }

  const std::vector<Device>& devices() const { return granted_; }
  std::vector<std::string> names() const;
  // Empty where it leased nothing.
  const std::filesystem::path& file() const { return file_; }

 private:
  Result<void> take(const AttemptSpec& spec);

  MachineDevices& devices_;
  Callbacks callbacks_;
  std::optional<Leases::Ticket> ticket_;
  std::vector<Device> granted_;
  std::filesystem::path file_;
  Fd held_;
};

}  // namespace studyctl
