#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "engine/telemetry/kernel_log.h"
#include "engine/telemetry/sampler.h"
#include "model/states.h"

namespace studyctl {

// What an attempt's devices went through while it had them, as the driver and the kernel tell.
struct GpuEvidence {
  std::optional<std::pair<Reason, std::string>> fault;  // GpuLost or GpuFault, and a sentence
  std::vector<std::string> warnings;                    // what is most often the program's own doing
};

// `devices` by name; `conditions` as the sampler summed them up; `since` it ran.
GpuEvidence gpu_evidence(const std::vector<std::string>& devices, const Conditions& conditions, Instant since,
                         Sampler& sampler, KernelLog& kernel);

}  // namespace studyctl
