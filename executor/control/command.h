#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace studyctl {

// What somebody asks of the run that is on.
struct Command {
  enum class Kind : uint8_t {
    Stop,      // running ones finish, none starts → Stopped
    Pause,     // the same, but the controller stays → Paused
    Resume,    // a paused or stopping run goes on; the threshold counts from here
    Cancel,    // SIGTERM, grace, SIGKILL → Cancelled
    Retry,     // `repetitions` that failed wait again; every one that did when there are none
    HandOver,  // the controller ends, containers run on, the next apply adopts them
  };
  Kind kind = Kind::Stop;
  std::string who;                         // "uid 1000 pid 4711", "Ctrl+C", "the STOP file"
  std::optional<Duration> grace;           // Cancel: instead of the manifest's
  std::vector<RepetitionKey> repetitions;  // Retry
};

// "stop", "cancel --grace 2s": as a user would type it.
std::string text_of(const Command& command);

}  // namespace studyctl
