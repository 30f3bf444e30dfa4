#pragma once

#include <cstdint>
#include <string>

namespace studyctl {

// A process that cannot be mistaken for another that got its number later.
struct ProcessIdentity {
  int pid = 0;
  std::string host;
  std::string boot_id;
  uint64_t pid_started_at = 0;  // clock ticks since boot, as in /proc/PID/stat
  bool operator==(const ProcessIdentity&) const = default;
};

ProcessIdentity this_process();

// True when `identity` speaks of this boot of this host, so that is_running() can tell.
bool is_local(const ProcessIdentity& identity);
bool is_running(const ProcessIdentity& identity);

}  // namespace studyctl
