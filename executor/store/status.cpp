#include "store/status.h"

namespace studyctl {
namespace {

// Six of StatusFile's heartbeats.
constexpr Duration kLongestSilence{30'000};

}  // namespace

std::string text_of(const Signatures::Share& share, uint64_t failures) {
  return std::to_string(share.failures) + " of " + std::to_string(failures) + ": " + share.signature;
}

Liveness liveness_of(const Status& status, Instant now) {
  if (is_final(status.state)) return Liveness::Ended;
  // A controller that was asked to hand over has said so; nobody has taken over yet.
  if (status.state == RunState::Interrupted) return Liveness::Gone;
  if (is_local(status.controller)) return is_running(status.controller) ? Liveness::Alive : Liveness::Gone;
  return now - status.heartbeat_at > kLongestSilence ? Liveness::Gone : Liveness::Alive;
}

RunState shown_state(const Status& status, Instant now) {
  // A foreground controller that paused has ended, as it should: what is left is a pause, not a crash.
  if (status.state == RunState::Paused) return status.state;
  return liveness_of(status, now) == Liveness::Gone ? RunState::Interrupted : status.state;
}

}  // namespace studyctl
