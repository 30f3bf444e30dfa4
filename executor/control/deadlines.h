#pragma once

#include <optional>
#include <string>

#include "model/ledger.h"
#include "model/study.h"

namespace studyctl {

// What counts of an attempt's time.
struct CountedFrom {
  Steady last_sign;   // when it was last seen to write anything
  Steady patience{};  // what it waited before is not counted
};

struct Expired {
  Reason reason;
  std::string message;  // "ran longer than 45m"
};

// The timeout of `attempt` that is over at `now`, if any.
std::optional<Expired> expired(const Timeouts& timeouts, const ActiveAttempt& attempt, CountedFrom from,
                               Steady now);

// When expired() may next change without anything happening.
std::optional<Steady> next_deadline(const Timeouts& timeouts, const ActiveAttempt& attempt, CountedFrom from);

}  // namespace studyctl
