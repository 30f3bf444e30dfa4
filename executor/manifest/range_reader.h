#pragma once

#include <optional>

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// {from, to, step}: decimal arithmetic, both ends in; downwards with a negative step.
std::optional<Range> read_range(Reading& reading, const Item& item);

}  // namespace studyctl
