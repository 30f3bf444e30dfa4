#pragma once

#include <optional>
#include <string>

#include "engine/docker/api_json.h"
#include "engine/engine.h"

namespace studyctl {

// All that is known about how a container ended, beside what inspect says.
struct ExitEvidence {
  bool oom_event = false;           // the engine's event stream said so
  bool kernel_killed = false;       // the kernel's log says so
  bool killed_by_us = false;        // a signal was sent by stop()
  bool killed_by_other = false;     // the engine told of a deadly signal that was not ours
  bool signalled_by_other = false;  // … of some signal: Podman does not say which
  bool engine_restarted = false;    // the engine was away when it ended
  bool log_was_cut = false;         // … while it ran, and itself keeps the log
  // What the driver or the kernel told of its GPUs meanwhile: GpuLost or GpuFault, and a sentence.
  std::optional<std::pair<Reason, std::string>> gpu{};
};

// True while the evidence may not be complete: a kill that nobody has owned up to yet.
bool is_unexplained(const ContainerView& view, const ExitEvidence& evidence);

// The observation of an attempt that has ended: reason, exit code, signal, message and times. Exit code 137
// alone proves nothing.
Observation exited_observation(const AttemptId& attempt, const ContainerView& view,
                               const ExitEvidence& evidence);

}  // namespace studyctl
