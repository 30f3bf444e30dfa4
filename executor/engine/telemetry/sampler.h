#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/telemetry/nvml.h"
#include "engine/telemetry/observer.h"
#include "io/event_loop.h"

namespace studyctl {

// The one sampler of a machine: looks at it every second while an attempt is watched, less often where a look
// takes long, and never else. Control thread only.
class Sampler {
 public:
  explicit Sampler(EventLoop& loop, const HostPlaces& places = {});
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  using Account = MachineObserver::Account;
  // See MachineObserver; `devices` are what it leased, as people name them.
  void begin(const AttemptId& attempt, int pid, const std::vector<std::string>& devices,
             Account account = Account::Group);
  // What the machine was like since begin(); no samples for what is unknown, or was too short.
  Conditions end(const AttemptId& attempt) { return observer_.end(attempt); }

  // Where a device that was ever seen lies ("0000:65:00"); nothing where its driver does not tell, or for
  // others.
  std::optional<std::string> pci_of(const std::string& device);
  // False when its driver tells of devices, and no longer of this one.
  bool is_there(const std::string& device);

  // NVIDIA's devices now, a second old at most; none where there is no driver.
  const std::vector<GpuReading>& gpus();

 private:
  void sample_later();
  void sample();

  EventLoop& loop_;
  MachineObserver observer_;
  std::unique_ptr<Nvml> nvml_;
  bool has_looked_for_nvml_ = false;
  std::vector<GpuReading> gpus_;
  std::map<std::string, GpuReading> seen_;  // device → as it was when an attempt got it
  std::optional<Steady> gpus_at_;
  bool is_set_ = false;
  EventLoop::Token timer_ = 0;
  Duration pause_;
};

// The reading of the device that a lease names "nvidia.com/gpu=GPU-…" or "nvidia.com/gpu=0"; null for others.
const GpuReading* reading_of(const std::vector<GpuReading>& gpus, const std::string& device);

}  // namespace studyctl
