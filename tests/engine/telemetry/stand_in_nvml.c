// Stands in for libnvidia-ml.so: two devices; the second is hot and slowed for it. Values as nvml.h has them.
typedef struct device* nvmlDevice_t;

int nvmlInit_v2(void) {
  return 0;
}
int nvmlShutdown(void) {
  return 0;
}

int nvmlSystemGetDriverVersion(char* version, unsigned length) {
  const char* text = "550.54";
  for (unsigned i = 0; i < length && (version[i] = text[i]) != 0; ++i) continue;
  return 0;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  return *count = 3, 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t* device) {
  *device = (nvmlDevice_t)(unsigned long)(index + 1);
  return index == 2 ? 15 : 0;  // the third has fallen off the bus: NVML_ERROR_GPU_IS_LOST
}

static unsigned number_of(nvmlDevice_t device) {
  return (unsigned)(unsigned long)device;
}

int nvmlDeviceGetUUID(nvmlDevice_t device, char* uuid, unsigned length) {
  const char* text = number_of(device) == 1 ? "GPU-aaaa" : "GPU-bbbb";
  for (unsigned i = 0; i < length && (uuid[i] = text[i]) != 0; ++i) continue;
  return 0;
}

int nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned* degrees) {
  *degrees = number_of(device) == 1 ? 55 : 93;
  return sensor;
}

int nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned* milliwatts) {
  *milliwatts = 250500;
  return number_of(device) == 1 ? 0 : 3;  // NVML_ERROR_NOT_SUPPORTED
}

int nvmlDeviceGetClockInfo(nvmlDevice_t device, int kind, unsigned* megahertz) {
  *megahertz = number_of(device) == 1 ? 1980 : 1200;
  return kind == 1 ? 0 : 2;
}

int nvmlDeviceGetUtilizationRates(nvmlDevice_t device, unsigned rates[2]) {
  rates[0] = 75;
  rates[1] = number_of(device);
  return 0;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long* reasons) {
  *reasons = number_of(device) == 1 ? 0x1 | 0x4 : 0x8 | 0x40;
  return 0;
}

typedef struct {
  unsigned pid;
  unsigned long long memory;
  unsigned gpu_instance, compute_instance;
} nvmlProcessInfo_t;

int nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned* count,
                                            nvmlProcessInfo_t* processes) {
  *count = number_of(device) == 1 ? 2 : 0;
  processes[0].pid = 4711;
  processes[1].pid = 4712;
  return 0;
}
