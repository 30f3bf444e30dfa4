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

// Tells the controller that drives a run to go on by this study, once all is there that it needs: its secrets
// and files, which are kept for it, and its images. Returns what the controller said.
Result<std::string> hand_over(const ChosenRun& chosen, const LoadedStudy& study, const ServeOptions& options);

}  // namespace studyctl
