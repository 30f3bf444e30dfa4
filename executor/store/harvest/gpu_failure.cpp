#include "store/harvest/gpu_failure.h"

#include <array>

#include "store/harvest/content_check.h"

namespace studyctl {
namespace {

struct KnownFailure {
  Reason reason;
  bool needs_device;
  const char* regex;
};

// The one table of them. A broken device makes programs say much else, so what proves it comes first.
constexpr std::array<KnownFailure, 4> kKnown = {{
    {Reason::GpuFault, false,
     "((?:uncorrectable ECC error|CUDA_ERROR_ECC_UNCORRECTABLE|cudaErrorECCUncorrectable"
     "|[Uu]ncorrectable NVLink error|CUDA_ERROR_NVLINK_UNCORRECTABLE"
     "|NVRM: Xid|HW Exception by GPU node).*)"},
    {Reason::GpuLost, true,
     "((?:GPU has fallen off the bus|GPU is lost|Unable to determine the device handle for GPU"
     "|CUDA_ERROR_NO_DEVICE|cudaErrorNoDevice|no CUDA-capable device is detected|No CUDA GPUs are available"
     "|hipErrorNoDevice|no ROCm-capable device is detected|No HIP GPUs are available"
     "|Failed to initialize NVML).*)"},
    {Reason::GpuOOM, false,
     "((?:(?:CUDA|HIP|XPU) out of memory|(?:CUDA|HIP)(?: runtime)? error(?: 2)?:? out of memory"
     "|torch(?:\\.cuda)?\\.OutOfMemoryError|cupy\\.cuda\\.memory\\.OutOfMemoryError"
     "|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|HIP_ERROR_OutOfMemory|hipErrorOutOfMemory"
     "|(?:cuda|hip)Malloc\\w* failed: out of memory|CUDA error \\d+ at \\S+: out of memory"
     "|Cuda failure '?(?:\\d+ '?)?out of memory"
     "|CUBLAS_STATUS_ALLOC_FAILED|std::bad_alloc: out_of_memory: CUDA error"
     "|OOM when allocating tensor .*device:GPU"
     "|No available memory for the cache blocks|The model's max seq len \\(\\d+\\) is larger than the maximum"
     "|KV cache is needed, which is larger than the available KV cache memory"
     "|Free memory on device .* less than desired GPU memory utilization).*)"},
    {Reason::GpuOOM, true, "((?:RESOURCE_EXHAUSTED|Resource exhausted): Out of memory.*)"},
}};

}  // namespace

std::optional<GpuFailure> gpu_failure_in(const AttemptDirectory& directory, ReadBudget& budget) {
  for (const KnownFailure& known : kKnown) {
    for (const auto from : {MetricSource::From::Stderr, MetricSource::From::Stdout}) {
      CheckResult result = look_for(directory, {from, {}, known.regex}, budget);
      if (result.found) return GpuFailure{known.reason, std::move(result.text), known.needs_device};
    }
  }
  return std::nullopt;
}

}  // namespace studyctl
