#pragma once

#include <cstdint>

namespace studyctl {

// What this machine has to give to containers.
struct HostCapacity {
  int64_t millicpu = 0;
  int64_t memory_bytes = 0;
};
HostCapacity host_capacity();

}  // namespace studyctl
