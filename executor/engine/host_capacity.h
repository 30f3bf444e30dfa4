#pragma once

#include <cstdint>

namespace studyctl {

// What this machine has to give to what runs on it: the cores that this process may use, and all memory.
struct HostCapacity {
  int64_t millicpu = 0;
  int64_t memory_bytes = 0;
};
HostCapacity host_capacity();

}  // namespace studyctl
