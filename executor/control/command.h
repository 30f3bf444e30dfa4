#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "model/states.h"

namespace studyctl {

// What somebody asks of the run that is on.
struct Command {
  enum class Kind : uint8_t {
    Stop,      // running ones finish, none starts → Stopped
    Pause,     // the same, but the controller stays → Paused
    Resume,    // a paused or stopping run goes on; the threshold counts from here
    Cancel,    // SIGTERM, grace, SIGKILL → Cancelled; of some repetitions: those, and the run goes on
    Skip,      // what is selected and waits is not run
    Retry,     // what is selected and did not succeed waits again
    HandOver,  // the controller ends, containers run on, the next apply adopts them
  };
  Kind kind = Kind::Stop;
  std::string who;                         // "uid 1000 pid 4711", "Ctrl+C", "the STOP file"
  std::optional<Duration> grace;           // Cancel: instead of the manifest's
  std::vector<RepetitionKey> repetitions;  // Retry, Skip, Cancel: these
  std::vector<RepetitionState> states{};   // Retry without repetitions: all in these; Failed when empty
  std::string why{};                       // Skip
};

// "stop", "cancel --grace 2s": as a user would type it.
std::string text_of(const Command& command);

}  // namespace studyctl
