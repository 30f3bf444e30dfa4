#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// spec.execution, over what `execution` has already.
void read_execution(Reading& reading, const Item& item, Execution& execution);

}  // namespace studyctl
