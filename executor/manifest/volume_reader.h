#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// One element of volumes; nothing when it cannot be used.
std::optional<Volume> read_volume(Reading& reading, const Item& item);

}  // namespace studyctl
