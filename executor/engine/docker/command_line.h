#pragma once

#include <string>

#include "engine/docker/api.h"
#include "engine/engine.h"

namespace studyctl {

// The docker or podman command that runs `spec.main` by hand, as it is run here; init containers come before
// it, a line each. Environment is passed on by name alone, so that no secret is in it.
std::string command_line(const AttemptSpec& spec, const Endpoint& endpoint);

// A word as a POSIX shell reads it.
std::string shell_quote(const std::string& word);

}  // namespace studyctl
