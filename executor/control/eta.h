#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace studyctl {

// What is left of a run, as far as an estimate asks.
struct Remaining {
  uint64_t waiting = 0;            // repetitions that have not begun, or wait for a retry
  double retries_per_attempt = 0;  // of the attempts that ended, the part that was retried
  struct Running {
    Duration elapsed{0};
    std::optional<double> fraction;  // of its work, as it tells
  };
  std::vector<Running> running;
  Duration average{0};   // what one attempt takes, from its making to its end
  Duration cooldown{0};  // between two attempts
  Duration pauses{0};    // what is left of a cooldown, and those between cycles that are to come
  int places = 1;        // how many run at once
};

// How long until the last attempt has ended: work that is left over places, and no less than the longest that
// runs.
Duration estimate_remaining(const Remaining& remaining);

}  // namespace studyctl
