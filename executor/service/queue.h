#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "control/seat.h"
#include "model/study.h"
#include "plan/start_queue.h"
#include "study/study_source.h"

namespace studyctl {

// A run that shares the machine with others.
struct QueuedRun {
  std::string study;
  Instant since;  // of one priority, the one that was applied first is first
  int priority = 0;
  Preemption preemption = Preemption::AtBoundary;
  Room needs;  // what it takes of the machine, for as long as it is on
  // As its controller says:
  bool wants = false, holds = false;
  // As assign_seats() left it:
  Seat::Leave leave{.may_start = false, .give_back = false, .why = ""};
};

// Says of each run whether it may start. Runs get what they need in their order, all at once or not at all;
// what a run that waits needs is set aside, so that a later one overtakes it only where it takes nothing of
// that. Where too little is free for a run, those of lower priorities that allow it make room for it.
void assign_seats(const Room& machine, std::vector<QueuedRun*> runs);

// What a run needs: an attempt's limits times how many run at once. Where no limit is stated an attempt may
// use all there is, so the run has it for itself.
Room room_for(const LoadedStudy& study, const Room& machine);

// The runs of this process, which share a machine. Safe from any thread.
class Queue {
 public:
  explicit Queue(Room machine) : machine_(std::move(machine)) {}

  // A run's seat: it leaves the queue when it is destroyed, before the queue is.
  std::unique_ptr<Seat> join(QueuedRun run);
  // From here on nothing is started, for `why`.
  void close(const std::string& why);
  // Nothing of any run is on.
  bool is_idle() const;

 private:
  class Place;
  void reassign();

  mutable std::mutex mutex_;
  const Room machine_;
  std::vector<Place*> places_;
  std::string closed_;
};

}  // namespace studyctl
