#include "engine/host_capacity.h"

#include <sched.h>
#include <unistd.h>

namespace studyctl {

HostCapacity host_capacity() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  const bool is_known = sched_getaffinity(0, sizeof cpus, &cpus) == 0;
  const int64_t cores = is_known ? CPU_COUNT(&cpus) : sysconf(_SC_NPROCESSORS_ONLN);
  return {cores * 1000, static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE)};
}

}  // namespace studyctl
