#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace studyctl {

// The faults of one device since it last did well.
struct DeviceFaults {
  std::string device;
  std::vector<std::string> faults;  // "2026-11-22T14:30:05.123Z GpuFault: …", the oldest first

  bool is_quarantined() const;
  // "2 faults, the last GpuFault: …"
  std::string text() const;
};

// Which devices of this machine failed attempts, and how: a file a device below the lease directory, so all
// controllers on the machine know, restarts do not forget, and a reboot does. A device whose attempts fail
// for it twice in a row is given to nobody until somebody releases it.
class Quarantine {
 public:
  explicit Quarantine(const std::filesystem::path& lease_directory)
      : directory_(lease_directory / "faults") {}

  Result<void> note_fault(const std::string& device, const std::string& what, Instant at);
  // Its faults are forgotten, unless it is in quarantine.
  void note_success(const std::string& device);
  // NotFound: nothing is known against it.
  Result<void> release(const std::string& device);
  // By device name.
  std::vector<DeviceFaults> all() const;
  // Those in quarantine, each with why.
  std::map<std::string, std::string> quarantined() const;

 private:
  std::filesystem::path file_of(const std::string& device) const;

  std::filesystem::path directory_;
};

}  // namespace studyctl
