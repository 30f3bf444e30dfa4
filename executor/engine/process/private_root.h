#pragma once

#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace studyctl {

// For a process of one thread in a mount namespace of its own: makes a root of it that has all that the
// machine's has, and `mounts` at their targets. Where a target does not exist, only this root has it: a
// directory of the machine in which one is missing is shown by a copy of its entries' names. Its own
// directories are read-only. A bind's source must exist. Unavailable: what could not be mounted, and why.
Result<void> enter_private_root(const std::vector<Mount>& mounts);

}  // namespace studyctl
