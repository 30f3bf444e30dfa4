#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// spec.sweep, spec.exclude and spec.experiments, in this order: the later are checked against the earlier.
void read_sweep(Reading& reading, const Item& item, Study& study);
void read_exclude(Reading& reading, const Item& item, Study& study);
void read_experiments(Reading& reading, const Item& item, Study& study);

// Every name of a sweep, in written order.
std::vector<std::string> axis_names(const Study& study);

}  // namespace studyctl
