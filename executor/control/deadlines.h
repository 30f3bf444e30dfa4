#pragma once

#include <optional>
#include <string>

#include "model/ledger.h"
#include "model/study.h"

namespace studyctl {

struct Expired {
  Reason reason;
  std::string message;  // "ran longer than 45m"
};

// The timeout of `attempt` that is over at `now`, if any. `last_sign`: when it was last seen to write
// anything.
std::optional<Expired> expired(const Timeouts& timeouts, const ActiveAttempt& attempt, Steady last_sign,
                               Steady now);

// When expired() may next change without anything happening.
std::optional<Steady> next_deadline(const Timeouts& timeouts, const ActiveAttempt& attempt, Steady last_sign);

}  // namespace studyctl
