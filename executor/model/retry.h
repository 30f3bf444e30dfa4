#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model/event.h"
#include "model/ledger.h"
#include "model/study.h"

namespace studyctl {

// How an attempt ended, as far as the rules ask.
struct AttemptEnd {
  Reason reason = Reason::Completed;
  std::optional<int> exit_code;  // of a container that ran to its end
  Troubles before;               // of its repetition, before this attempt counts
  GrownLimits had{};             // its limits; 0: it had none
  std::function<bool(const std::string& pattern)> log_matches;  // null: no log matches anything
};

struct RetryDecision {
  Verdict verdict = Verdict::Failed;
  bool counted = true;
  Duration backoff{0};
  bool fail_study = false;
  std::string why;  // added to the message where a rule or a limit decided: "uncounted retries ended at 20"
  GrownLimits grown{};  // of the attempts that follow
};

// Uncounted retries end here, so that a broken engine cannot spin for ever.
inline constexpr uint32_t kMostUncountedRetries = 20;

// What becomes of a repetition: the first rule that matches, then the built-in ones: Completed succeeds,
// Cancelled stays cancelled, what the engine did (Lost, Evicted, Interrupted, GpuLost) is retried uncounted,
// the rest counts against the limit.
RetryDecision decide_retry(const RetryPolicy& policy, const AttemptEnd& end);

// initial × factor^(failures - 1), `max` at most; `failures` counts from 1.
Duration backoff_after(const Backoff& backoff, uint32_t failures);

}  // namespace studyctl
