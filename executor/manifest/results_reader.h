#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// spec.results: where results lie, what makes a success, and what is read from them.
ResultRules read_results(Reading& reading, const Item& item);

}  // namespace studyctl
