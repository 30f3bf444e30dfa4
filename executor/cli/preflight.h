#pragma once

#include "base/result.h"
#include "cli/secret_sources.h"
#include "cli/study_source.h"
#include "engine/engine.h"
#include "io/event_loop.h"
#include "store/volume.h"

namespace studyctl {

struct PreflightParts {
  const LoadedStudy& study;
  const Inventory& inventory;
  const ResultsVolume& volume;
  Engine& engine;
  EventLoop& loop;
  const SecretSources* secrets;  // null where a run goes on: it pauses for what is missing
};

// Looks, before the first start, whether all that the study needs is there: room for one attempt, host paths,
// secrets, free space against what earlier repetitions took, and the images (pulled by their policy).
// Invalid: every problem, a line each.
Result<void> preflight(const PreflightParts& parts);

}  // namespace studyctl
