#pragma once

#include <memory>

#include "base/result.h"
#include "cli/run_choice.h"
#include "cli/serve.h"
#include "cli/study_source.h"
#include "engine/engine.h"
#include "engine/make_engine.h"
#include "io/event_loop.h"

namespace studyctl {

struct FoundEngine {
  std::unique_ptr<Engine> engine;
  Inventory inventory;
};

// Finds the engine that is wanted and asks what it has; runs the loop meanwhile.
Result<FoundEngine> find_engine(EventLoop& loop, const EngineRequest& request, ObservationSink sink);

// Looks, beside the controller that drives a run, whether all is there that another manifest needs to go on
// with it: secrets, which are kept for it, and images. Nothing is told to the controller.
Result<void> look_ahead(const LoadedStudy& study, const ChosenRun& chosen, const ServeOptions& options);

}  // namespace studyctl
