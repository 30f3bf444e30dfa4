#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace studyctl {

// When the process that listens at a Unix socket was started, as far as it is an engine and this machine
// shows it.
std::optional<Instant> engine_started_at(const std::string& socket);

// When this machine was started, by the clock of today.
Instant machine_started_at();

}  // namespace studyctl
