#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/volume.h"

namespace studyctl {

// One thing that doctor looked at.
struct Finding {
  enum class Kind : uint8_t {
    Good,
    Note,     // worth knowing; studies run without it
    Missing,  // nothing runs, or nothing is kept, until it is mended
  };
  Kind kind = Kind::Good;
  std::string text;    // one sentence
  std::string advice;  // what to do, or what to type; empty where nothing is to be done
};

// Where the machine is looked at.
struct MachinePlaces {
  std::filesystem::path proc = "/proc";
  std::filesystem::path sys = "/sys";
  std::filesystem::path etc = "/etc";
  std::vector<std::filesystem::path> cdi = {"/etc/cdi", "/var/run/cdi"};
  std::filesystem::path lease_directory = "/run/lock/studyctl";
  std::vector<std::filesystem::path> programs;  // the directories of PATH

  static MachinePlaces of_this_machine();
};

bool has_program(const MachinePlaces& places, const std::string& name);

// System, cgroups, limits, what rootless containers need, where devices are leased.
std::vector<Finding> check_machine(const MachinePlaces& places);

// GPUs that are in the machine, and what containers need to get them. `usable`: whole devices by kind, as an
// engine tells.
std::vector<Finding> check_devices(const MachinePlaces& places, const std::map<std::string, int>& usable);

// Each engine by itself: found and usable, or why not and how to get it; Podman's service is started for a
// moment where nothing listens. `usable` gets the devices of those that can be used.
std::vector<Finding> check_engines(const MachinePlaces& places, std::map<std::string, int>& usable);

// The volume, when there is one: room, locks, who holds it, what was left behind.
std::vector<Finding> check_volume(const Result<ResultsVolume>& volume, const std::filesystem::path& results,
                                  Instant now);

}  // namespace studyctl
