#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "base/clock.h"

namespace studyctl {

// How many containers may be in the making at once: beyond what an engine can do, more only makes each
// slower. It gives out fewer slots while starts take much longer than they did at their best, and more again
// when that is over.
class StartThrottle {
 public:
  using Ticket = uint64_t;
  // Starts go first: what is half done holds cpus and devices.
  enum class Work : uint8_t { Start, Create };

  // `most` slots; 0 means max(4, 2 × cores).
  StartThrottle(Clock& clock, int most);

  // Calls `go` once there is a slot: at once if there is one now.
  Ticket enter(Work work, std::function<void()> go);
  // Gives the slot back, or leaves the queue. Unknown tickets are ignored.
  void leave(Ticket ticket);

  int slots() const { return slots_; }

 private:
  struct Waiter {
    Ticket ticket;
    std::function<void()> go;
  };
  struct Holder {
    Work work;
    Steady since;
  };
  void admit();
  void learn(Duration took);

  Clock& clock_;
  int most_;
  int slots_;
  std::deque<Waiter> starts_, creates_;
  std::map<Ticket, Holder> holders_;
  std::vector<Duration> window_;
  Duration best_{0};
  Ticket next_ = 1;
};

}  // namespace studyctl
