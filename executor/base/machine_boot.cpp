#include "base/machine_boot.h"

#include <unistd.h>

#include <array>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {

MachineBoot this_boot() {
  std::array<char, 256> name{};
  const bool is_named = gethostname(name.data(), name.size() - 1) == 0;
  return {is_named ? name.data() : "", std::string(trim(read_or_empty("/proc/sys/kernel/random/boot_id")))};
}

}  // namespace studyctl
