#pragma once

#include "manifest/document.h"
#include "manifest/manifest.h"
#include "manifest/problems.h"

namespace studyctl {

// The Study document with what flags say put in; `study` itself stays as it is. New nodes are in `documents`,
// their place is the flag.
const Node& apply_overrides(Documents& documents, const Node& study, const Overrides& overrides,
                            Problems& problems);

}  // namespace studyctl
