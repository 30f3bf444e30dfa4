#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/make_engine.h"
#include "io/event_loop.h"
#include "service/drive_options.h"
#include "study/run_choice.h"
#include "study/study_source.h"

namespace studyctl {

struct FoundEngine {
  std::unique_ptr<Engine> engine;
  Inventory inventory;
};

// For an engine that looks after containers of `volume`, on the machine that the options tell of.
// Unavailable: the volume takes no key for what is carried.
Result<EngineRequest> engine_request(const ResultsVolume& volume, const DriveOptions& options,
                                     std::string wanted);

// What a study asks for goes before what the service is told. A claim is of one namespace: in others results
// are carried, and Unavailable says that they cannot be.
Result<void> choose_cluster(EngineRequest& request, const KubernetesOptions& asked);

// Finds the engine that is wanted and asks what it has; runs the loop meanwhile.
Result<FoundEngine> find_engine(EventLoop& loop, const EngineRequest& request, ObservationSink sink);

// Says to the controller of a run that a manifest lies staged for it; returns what it answered.
using TellStaged = std::function<Result<std::string>(const std::string& run, const std::string& staged)>;

// Tells the controller that drives a run to go on by this study, once all is there that it needs: its secrets
// and files, which are kept for it, and its images. Returns what the controller said.
Result<std::string> hand_over(const ChosenRun& chosen, const LoadedStudy& study, const DriveOptions& options,
                              const TellStaged& tell);

}  // namespace studyctl
