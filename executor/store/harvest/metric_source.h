#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/event.h"
#include "model/study.h"
#include "store/harvest/attempt_directory.h"
#include "store/harvest/byte_source.h"

namespace studyctl {

// What the metrics of one attempt came to.
struct MetricReadings {
  std::vector<MetricValue> metrics;   // those that a source yielded, in the order of the rules
  std::vector<std::string> warnings;  // "metric energy: orca.out: no line matches 'FINAL …'"
};

// Reads each metric from the first of its sources that yields. A source yields when its files could be read
// (all that a glob stands for, taken in the order of their names; for `first` as far as needed) and have at
// least one usable value; `count` yields 0 where the file is there and nothing matches. What stood in the way
// of those before is a warning where it is more than that nothing was there, or where no source yields.
MetricReadings read_metrics(const AttemptDirectory& directory, const std::vector<Metric>& metrics,
                            ReadBudget& budget);

}  // namespace studyctl
