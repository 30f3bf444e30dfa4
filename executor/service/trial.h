#pragma once

#include "base/result.h"
#include "service/preflight.h"

namespace studyctl {

// Has a cluster look at an attempt of each shape that overrides give, and make none of them. Invalid: what it
// has against one.
Result<void> try_template(const PreflightParts& parts);

}  // namespace studyctl
