#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// One element of containers or initContainers: what of it runs on one box; all else is refused by its path.
Container read_container(Reading& reading, const Item& item);

}  // namespace studyctl
