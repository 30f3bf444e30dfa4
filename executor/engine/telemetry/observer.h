#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "engine/telemetry/host.h"
#include "engine/telemetry/nvml.h"
#include "model/conditions.h"

namespace studyctl {

// One look at the machine.
struct MachineReading {
  HostReading host;
  std::vector<GpuReading> gpus;
};

// Watches the machine over every attempt that runs on it, and says of each what it was like meanwhile.
// Whoever owns it calls sample() every second or two. Control thread only; a sample takes a few milliseconds.
class MachineObserver {
 public:
  using Read = std::function<MachineReading()>;

  MachineObserver(const Clock& clock, HostPlaces places, Read read);

  // By what its CPU time is counted: the control group of its container, or the processes below its first
  // one.
  enum class Account : uint8_t { Group, Tree };
  // `pid` is a process of its container, or the first one; `gpus` are the ids that it leased.
  void begin(const AttemptId& attempt, int pid, std::vector<std::string> gpus,
             Account account = Account::Group);
  void sample();
  bool is_watching() const { return !watched_.empty(); }
  // What it was like from begin() to the last sample; no samples for one that was too short, or unknown.
  Conditions end(const AttemptId& attempt);

 private:
  // Of what was told, weighted by how long it lasted.
  struct Mean {
    double sum = 0;
    double seconds = 0;

    void add(std::optional<double> value, double over);
    std::optional<double> value() const;
  };
  struct GpuMeans {
    Mean power, clock, utilization;
  };
  struct Watched {
    int pid = 0;
    Account account = Account::Group;
    std::string groups;
    bool is_accounted = false;  // its use of CPU time can be read
    double own_seconds = 0;     // of CPU, so far
    Mean own, strangers, megahertz;
    std::vector<GpuMeans> gpus;
    bool shared_gpu = false;
    Conditions conditions;
  };

  std::optional<double> used_by(const Watched& watched) const;
  void fold(Watched& watched, const MachineReading& now, double seconds);
  void fold_gpu(Watched& watched, size_t place, const GpuReading& now, double seconds);

  const Clock& clock_;
  HostPlaces places_;
  Read read_;
  std::map<AttemptId, Watched> watched_;
  Steady last_at_{};
  MachineReading last_;
  bool one_has_ended_ = false;  // since the last sample, and took its account of CPU time with it
};

}  // namespace studyctl
