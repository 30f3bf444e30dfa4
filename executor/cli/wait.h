#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/status.h"

namespace studyctl {

// What `wait --for` waits for: a run's end, or one of its states.
struct WaitCondition {
  std::optional<RunState> state;

  // The exit code of wait once there is nothing more to wait for: 0 in the state that was asked for, else the
  // one that apply ends with.
  std::optional<int> exit_code(const Status& status, Instant now) const;
};

// "completed", "Paused", "condition=running". Invalid names what there is.
Result<WaitCondition> parse_condition(const std::string& text);

}  // namespace studyctl
