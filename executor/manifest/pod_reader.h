#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// spec.template, a Kubernetes PodTemplateSpec: the part of it that runs on one box; all else is refused by
// its path.
void read_pod(Reading& reading, const Item& item, Study& study);

}  // namespace studyctl
