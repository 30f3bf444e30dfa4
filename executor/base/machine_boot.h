#pragma once

#include <string>

namespace studyctl {

// One time that a machine was up: nothing that ran in another goes on, and what was not synced then may be
// gone.
struct MachineBoot {
  std::string host;
  std::string id;  // proc_sys_kernel(5), random/boot_id
  bool operator==(const MachineBoot&) const = default;
};

MachineBoot this_boot();
// The name of this machine; empty where it has none.
std::string this_host();

}  // namespace studyctl
