#include "store/harvest/gpu_failure.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

class GpuFailureTest : public ::testing::Test {
 protected:
  std::optional<GpuFailure> said(const std::string& text, const char* stream = "stderr.log") {
    std::ofstream(files_.path() / stream) << "loading\n" << text << "\nbye\n";
    ReadBudget budget{ReadLimits{}};
    return gpu_failure_in(*AttemptDirectory::open(files_.path()), budget);
  }

  TemporaryDirectory files_;
};

// As people reported them, of PyTorch 1.x to 2.x, ROCm, TensorFlow, JAX, vLLM, llama.cpp, NCCL, RAPIDS.
TEST_F(GpuFailureTest, KnowsWhatProgramsSayWhenAGpuHasTooLittleMemory) {
  for (const char* text : {
           "RuntimeError: CUDA out of memory. Tried to allocate 12.50 MiB (GPU 0; 10.92 GiB total capacity; "
           "8.57 MiB already allocated; 9.28 GiB free; 4.68 MiB cached)",
           "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.70 GiB. GPU 0 has a total "
           "capacty of 6.00 GiB of which 0 bytes is free.",
           "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 16.00 GiB. GPU 0 has a total "
           "capacity of 15.24 GiB of which 15.09 GiB is free.",
           "RuntimeError: CUDA error: out of memory",
           "E tensorflow/compiler/xla/stream_executor/rocm/rocm_driver.cc:606] failed to allocate 127.99TiB "
           "(140729850295296 bytes) from device: HIP_ERROR_OutOfMemory",
           "E tensorflow/stream_executor/cuda/cuda_driver.cc:806] failed to allocate 2.53G (2715310336 "
           "bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
           "error: 'hipErrorOutOfMemory'(2) at square.cpp:76",
           "ResourceExhaustedError: OOM when allocating tensor with shape[64,2016,9,9] and type float on "
           "/job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
           "(EngineCore_DP0 pid=223840) ERROR 10-25 13:08:43 [core.py:708] ValueError: No available memory "
           "for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.",
           "ValueError: The model's max seq len (4096) is larger than the maximum number of tokens that can "
           "be stored in KV cache (3664).",
           "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 144.00 MiB on device 4: cudaMalloc "
           "failed: out of memory",
           "CUDA error 2 at ggml-cuda.cu:359: out of memory",
           "box:1:7 [0] transport.cc:34 NCCL WARN Cuda failure 'out of memory'",
           "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
           "MemoryError: std::bad_alloc: out_of_memory: CUDA error at: /rmm/cuda_memory_resource.hpp",
       }) {
    const auto failure = said(text);
    ASSERT_TRUE(failure) << text;
    EXPECT_EQ(failure->reason, Reason::GpuOOM) << text;
    EXPECT_FALSE(failure->needs_device) << text;
  }
}

TEST_F(GpuFailureTest, TellsWhatWasSaidFromWhereItBegins) {
  const auto failure = said("worker 3: CUDA out of memory. Tried to allocate 2.00 GiB", "stdout.log");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->message, "CUDA out of memory. Tried to allocate 2.00 GiB");
}

TEST_F(GpuFailureTest, ABrokenDeviceIsTheReasonAndNotWhatFollowsFromIt) {
  const auto failure = said(
      "RuntimeError: CUDA error: uncorrectable ECC error encountered\n"
      "terminate called: CUDA error: out of memory");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, Reason::GpuFault);
  EXPECT_EQ(failure->message, "uncorrectable ECC error encountered");
}

TEST_F(GpuFailureTest, AMissingDeviceIsAFailureOfOneOnlyWhereOneWasLeased) {
  for (const char* text : {"RuntimeError: No CUDA GPUs are available",
                           "CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
                           "Unable to determine the device handle for GPU 0000:65:00.0: Unknown Error",
                           "Failed to initialize NVML: Unknown Error"}) {
    const auto failure = said(text);
    ASSERT_TRUE(failure) << text;
    EXPECT_EQ(failure->reason, Reason::GpuLost) << text;
    EXPECT_TRUE(failure->needs_device) << text;
  }
  EXPECT_TRUE(said("jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to "
                   "allocate 5520758552 bytes.")
                  ->needs_device);
}

TEST_F(GpuFailureTest, OtherFailuresAreNone) {
  for (const char* text :
       {"MemoryError: Unable to allocate 184. MiB for an array", "Out of memory",
        "ImportError: no module torch",
        "OP_REQUIRES failed: OOM when allocating tensor with shape[1,416] on /task:0/device:CPU:0",
        "CUDA error: an illegal memory access was encountered"})
    EXPECT_FALSE(said(text)) << text;
}

}  // namespace
}  // namespace studyctl
