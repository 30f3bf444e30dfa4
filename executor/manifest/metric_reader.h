#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// One element of spec.results.metrics.
Metric read_metric(Reading& reading, const Item& item);

// The file, stdout or stderr that a rule reads; exactly one of them.
struct ReadFrom {
  MetricSource::From from = MetricSource::From::File;
  std::string file;
};
ReadFrom read_from(Reading& reading, const Fields& fields);

}  // namespace studyctl
