#pragma once

#include <functional>

#include "base/result.h"
#include "model/event.h"

namespace studyctl {

// The events of one run on disk, in order. Used by the control thread alone.
class Journal {
 public:
  virtual ~Journal() = default;

  // Adds `event` to the open batch.
  virtual void append(const Event& event) = 0;

  // Makes the batch durable (synced): all of it or none of it. Unavailable with `disk_full()` true: the batch
  // is kept and the next commit tries again. After any other failure the process must end; recovery is the
  // way back.
  virtual Result<void> commit() = 0;
  virtual bool disk_full() const = 0;

  // Calls `visit` with the committed events in order, from the first on. Event.steady is not set. Of attempts
  // that ended long ago it may leave out all but the end.
  virtual Result<void> replay(const std::function<void(const Event&)>& visit) = 0;
};

}  // namespace studyctl
