#include "control/deadlines.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

struct Deadlines {
  std::optional<Steady> pending, run, stalled;
};

Deadlines deadlines_of(const Timeouts& timeouts, const ActiveAttempt& attempt, const CountedFrom& from) {
  Deadlines deadlines;
  if (attempt.stage != ActiveAttempt::Stage::Running) {
    if (timeouts.pending)
      deadlines.pending = std::max(attempt.intended_at, from.patience) + *timeouts.pending;
    return deadlines;
  }
  if (timeouts.run) deadlines.run = attempt.running_since + *timeouts.run;
  if (timeouts.stalled) {
    const Steady quiet_since =
        std::max(from.last_sign, attempt.running_since + timeouts.stalled->initial_delay);
    deadlines.stalled = quiet_since + timeouts.stalled->after;
  }
  return deadlines;
}

}  // namespace

std::optional<Expired> expired(const Timeouts& timeouts, const ActiveAttempt& attempt, CountedFrom from,
                               Steady now) {
  if (attempt.stopping) return std::nullopt;
  const Deadlines deadlines = deadlines_of(timeouts, attempt, from);
  if (deadlines.pending && now >= *deadlines.pending)
    return Expired{Reason::PendingTimeout, "did not start within " + format_duration(*timeouts.pending)};
  if (deadlines.run && now >= *deadlines.run)
    return Expired{Reason::Timeout, "ran longer than " + format_duration(*timeouts.run)};
  if (deadlines.stalled && now >= *deadlines.stalled)
    return Expired{Reason::Stalled, "wrote nothing for " + format_duration(timeouts.stalled->after)};
  return std::nullopt;
}

std::optional<Steady> next_deadline(const Timeouts& timeouts, const ActiveAttempt& attempt,
                                    CountedFrom from) {
  if (attempt.stopping) return std::nullopt;
  const Deadlines deadlines = deadlines_of(timeouts, attempt, from);
  std::optional<Steady> next;
  for (const std::optional<Steady>& deadline : {deadlines.pending, deadlines.run, deadlines.stalled})
    if (deadline && (!next || *deadline < *next)) next = deadline;
  return next;
}

}  // namespace studyctl
