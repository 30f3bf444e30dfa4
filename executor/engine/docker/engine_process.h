#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace studyctl {

// The process that listens at a Unix socket, when it is an engine and this machine shows it.
struct EngineProcess {
  int pid = 0;
  Instant started_at;
  bool may_raise_limits = true;  // it has CAP_SYS_RESOURCE
  int64_t most_files = 0;        // its own hard limits
  int64_t most_processes = 0;
};
std::optional<EngineProcess> engine_process(const std::string& socket);

// When this machine was started, by the clock of today.
Instant machine_started_at();

}  // namespace studyctl
