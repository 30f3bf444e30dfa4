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

}  // namespace studyctl
