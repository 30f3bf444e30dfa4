#pragma once

#include <optional>
#include <string>

#include "model/states.h"
#include "store/harvest/attempt_directory.h"
#include "store/harvest/byte_source.h"

namespace studyctl {

// That a GPU failed an attempt, as its log says.
struct GpuFailure {
  Reason reason = Reason::GpuOOM;  // GpuOOM, GpuLost or GpuFault
  std::string message;             // what the log says of it, from where it begins to say it
  bool needs_device = false;  // true only of an attempt that leased one: a program says it without GPU too
};

// Looks for what CUDA, ROCm and what is built upon them say when a GPU fails, in stderr and stdout.
std::optional<GpuFailure> gpu_failure_in(const AttemptDirectory& directory, ReadBudget& budget);

}  // namespace studyctl
