#pragma once

#include <functional>

#include "base/result.h"
#include "model/event.h"
#include "store/sqlite.h"

namespace studyctl {

// Events as rows of the tables `events` and `metrics`; `run` is the number of their run's row.
Result<void> write_event(Sqlite& studies, int64_t run, const Event& event);

// Those with a seq of `from` and more, in order.
Result<void> read_events(Sqlite& studies, int64_t run, uint64_t from,
                         const std::function<void(const Event&)>& visit);

// Replaces the metrics of the attempt that ended with event `seq`.
Result<void> write_metrics(Sqlite& studies, int64_t event, const std::vector<MetricValue>& metrics);

}  // namespace studyctl
