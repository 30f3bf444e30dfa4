#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// spec.sweep, spec.exclude and spec.experiments, in this order: the later are checked against the earlier.
void read_sweep(Reading& reading, const Item& item, Study& study);
void read_exclude(Reading& reading, const Item& item, Study& study);
void read_experiments(Reading& reading, const Item& item, Study& study);
// That all of them together are not too many.
void check_points(Reading& reading, const Item& spec, const Study& study);

}  // namespace studyctl
