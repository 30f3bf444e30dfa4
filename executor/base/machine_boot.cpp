#include "base/machine_boot.h"

#include <unistd.h>

#include <array>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {

std::string this_host() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

MachineBoot this_boot() {
  return {this_host(), std::string(trim(read_or_empty("/proc/sys/kernel/random/boot_id")))};
}

}  // namespace studyctl
