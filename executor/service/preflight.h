#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "io/event_loop.h"
#include "store/catalog.h"
#include "store/volume.h"
#include "study/secret_sources.h"
#include "study/study_source.h"

namespace studyctl {

struct PreflightParts {
  const LoadedStudy& study;
  const Inventory& inventory;
  const ResultsVolume& volume;
  Engine& engine;
  EventLoop& loop;
  const SecretSources* secrets;  // null where a run goes on: it pauses for what is missing
};

// Images as written, and the digests that the engine has for them.
using ImageDigests = std::map<std::string, std::string>;

// Calls `visit` with each set of overrides that some experiment has, and the first point that has it, until
// it says false: what they have in common is looked at once.
void visit_overrides(
    const LoadedStudy& study,
    const std::function<bool(const Point& point, const std::vector<size_t>& overrides)>& visit);
// Where the last of them stands in the manifest; empty where there is none.
std::string place_of(const Study& study, const std::vector<size_t>& overrides);

// Looks, before the first start, whether all that the study needs is there: room for one attempt, host paths,
// secrets, free space against what earlier repetitions took, and the images (pulled by their policy).
// Invalid: every problem, a line each.
Result<ImageDigests> preflight(const PreflightParts& parts);
// The images alone; what an image lacks is no error.
ImageDigests image_digests(const PreflightParts& parts);

// The image of an experiment's container, parameters put in.
std::string image_of(const LoadedStudy& study, uint64_t index);
// Invalid where an image is another now than what the run had last, of which something has succeeded.
Result<void> expect_same_images(const Catalog& catalog, const RunSummary& run, const ImageDigests& now);

}  // namespace studyctl
