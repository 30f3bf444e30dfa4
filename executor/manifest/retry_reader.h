#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// spec.execution.retry.
RetryPolicy read_retry(Reading& reading, const Item& item);

}  // namespace studyctl
