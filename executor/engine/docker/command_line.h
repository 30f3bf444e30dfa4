#pragma once

#include <string>

#include "engine/docker/api.h"
#include "engine/engine.h"
#include "engine/shell_quote.h"

namespace studyctl {

// The docker or podman command that runs `spec.main` by hand, as it is run here; init containers come before
// it, a line each. A secret variable is there by its name alone: docker takes its value from the shell's.
std::string command_line(const AttemptSpec& spec, const Endpoint& endpoint);

}  // namespace studyctl
