#pragma once

#include <string>

#include "base/result.h"
#include "control/command.h"
#include "service/engine_finder.h"
#include "service/service_link.h"
#include "store/volume.h"
#include "study/apply_request.h"

namespace studyctl {

// Where the controller of a volume listens.
std::filesystem::path control_socket(const ResultsVolume& volume);

ServiceLink link_to(const ResultsVolume& volume);

// Asks the controller of a run, which holds `volume`, and waits for its answer. Unavailable when there is
// none.
Result<std::string> tell_controller(const ResultsVolume& volume, const std::string& run,
                                    const Command& command);
// The same for a manifest that was staged on the volume.
Result<std::string> tell_controller_to_apply(const ResultsVolume& volume, const std::string& run,
                                             const std::string& staged);

// The same, for hand_over().
TellStaged to_controller_of(const ChosenRun& chosen);

// How a study is sent to a service.
struct SendOptions {
  std::vector<std::string> flags;
  bool fresh = false;
  bool is_large_meant = false;
  bool reuses_any = false;
  bool accept_image_change = false;
  bool no_pilot_pause = false;
};
// Sends a study, with the files that it names, to a service.
Result<Applied> send_to_service(const ServiceLink& link, const LoadedStudy& study,
                                const SendOptions& options);
// A file that a study names, before it.
Result<void> send_input(const ServiceLink& link, const std::string& sha256, const std::string& content);

// Has the service that holds `volume` delete a run that has ended.
Result<void> ask_to_delete(const ResultsVolume& volume, const RunRecord& run);

// "alice (uid 1000) pid 4711": who types this, or for whom a service runs it.
std::string who_am_i();

}  // namespace studyctl
