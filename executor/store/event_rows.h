#pragma once

#include <functional>

#include "model/event.h"
#include "store/sqlite.h"

namespace studyctl {

// Events as rows of the tables `events` and `metrics`; `run` is the number of their run's row. What fails is
// told by the connection's outcome().
void write_event(Sqlite& studies, int64_t run, const Event& event);

// All of them, in order; of attempts that ended at seq `known` or before only the end may come, without its
// metrics.
void read_events(Sqlite& studies, int64_t run, uint64_t known,
                 const std::function<void(const Event&)>& visit);

// Replaces the metrics of the attempt that ended with the event in row `event`.
void write_metrics(Sqlite& studies, int64_t event, const std::vector<MetricValue>& metrics);

}  // namespace studyctl
