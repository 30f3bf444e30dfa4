#pragma once

#include <vector>

#include "model/event.h"

namespace studyctl {

// What the world may read of a run is made from what is committed. Control thread only.
class CommittedEvents {
 public:
  virtual ~CommittedEvents() = default;

  // At recovery: the events of the run so far, as the journal replays them.
  virtual void replayed(const Event& event) = 0;

  // `events` are on disk, and the directories of those that ended have their final names.
  virtual void committed(const std::vector<Event>& events) = 0;
};

}  // namespace studyctl
