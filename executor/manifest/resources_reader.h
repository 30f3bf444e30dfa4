#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// A container's resources: limits and requests.
Resources read_resources(Reading& reading, const Item& item);

}  // namespace studyctl
