#pragma once

#include <string>

#include "base/result.h"
#include "control/command.h"
#include "store/volume.h"

namespace studyctl {

// Where the controller of a volume listens.
std::filesystem::path control_socket(const ResultsVolume& volume);

// Asks the controller that holds `volume`, and waits for its answer. Unavailable when there is none.
Result<std::string> tell_controller(const ResultsVolume& volume, const Command& command);
// The same for a manifest that was staged on the volume.
Result<std::string> tell_controller_to_apply(const ResultsVolume& volume, const std::string& staged);

// "alice (uid 1000) pid 4711": who types this.
std::string who_am_i();

}  // namespace studyctl
