// Stands in for libnvidia-ml.so: three devices. The second is hot and slowed for it, the third has fallen off the bus.
// Values as nvml.h has them. What the file says that STAND_IN_NVML names comes first, and is read at each call:
// lines of a device's number, a name and a value, "1 temperature 40"; a device that is `lost` is not there.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct device* nvmlDevice_t;
enum { SUCCESS = 0, NOT_SUPPORTED = 3, GPU_IS_LOST = 15 };

static int told(unsigned device, const char* name, char value[96]) {
  const char* path = getenv("STAND_IN_NVML");
  FILE* file = path ? fopen(path, "r") : 0;
  char found[32];
  unsigned number;
  int is_told = 0;
  while (file && fscanf(file, "%u %31s %95s", &number, found, value) == 3)
    if (number == device && strcmp(found, name) == 0 && (is_told = 1)) break;
  if (file) fclose(file);
  return is_told;
}

static unsigned long long number_of(nvmlDevice_t device, const char* name, unsigned long long otherwise) {
  char value[96];
  return told((unsigned)(unsigned long)device - 1, name, value) ? strtoull(value, 0, 0) : otherwise;
}

static int is_first(nvmlDevice_t device) {
  return (unsigned long)device == 1;
}

int nvmlInit_v2(void) {
  return SUCCESS;
}
int nvmlShutdown(void) {
  return SUCCESS;
}

int nvmlSystemGetDriverVersion(char* version, unsigned length) {
  snprintf(version, length, "550.54");
  return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  return *count = 3, SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t* device) {
  *device = (nvmlDevice_t)(unsigned long)(index + 1);
  return number_of(*device, "lost", index == 2) ? GPU_IS_LOST : SUCCESS;
}

int nvmlDeviceGetUUID(nvmlDevice_t device, char* uuid, unsigned length) {
  char value[96];
  if (!told((unsigned)(unsigned long)device - 1, "uuid", value)) strcpy(value, is_first(device) ? "GPU-aaaa" : "GPU-bbbb");
  snprintf(uuid, length, "%s", value);
  return SUCCESS;
}

int nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned* degrees) {
  *degrees = (unsigned)number_of(device, "temperature", is_first(device) ? 55 : 93);
  return sensor;
}

int nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned* milliwatts) {
  *milliwatts = (unsigned)number_of(device, "power", 250500);
  return is_first(device) ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetClockInfo(nvmlDevice_t device, int kind, unsigned* megahertz) {
  *megahertz = (unsigned)number_of(device, "clock", is_first(device) ? 1980 : 1200);
  return kind == 1 ? SUCCESS : 2;
}

int nvmlDeviceGetUtilizationRates(nvmlDevice_t device, unsigned rates[2]) {
  rates[0] = (unsigned)number_of(device, "utilization", 75);
  rates[1] = 0;
  return SUCCESS;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long* reasons) {
  *reasons = number_of(device, "throttles", is_first(device) ? 0x1 | 0x4 : 0x8 | 0x40);
  return SUCCESS;
}

typedef struct {
  unsigned long long total, free, used;
} nvmlMemory_t;

int nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory) {
  memory->used = number_of(device, "memory", 0);
  return SUCCESS;
}

typedef struct {
  char legacy[16];
  unsigned domain, bus, device, id, subsystem;
  char text[32];
} nvmlPciInfo_t;

int nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t* pci) {
  pci->domain = 0;
  pci->bus = 0x64 + (unsigned)(unsigned long)device;
  pci->device = 0;
  return SUCCESS;
}

int nvmlDeviceGetTotalEccErrors(nvmlDevice_t device, int kind, int counter, unsigned long long* errors) {
  char value[96];
  if (kind != 1 || counter != 0 || !told((unsigned)(unsigned long)device - 1, "ecc", value)) return NOT_SUPPORTED;
  *errors = strtoull(value, 0, 0);
  return SUCCESS;
}

typedef struct {
  unsigned pid;
  unsigned long long memory;
  unsigned gpu_instance, compute_instance;
} nvmlProcessInfo_t;

int nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned* count, nvmlProcessInfo_t* processes) {
  const unsigned long long pid = number_of(device, "pid", getenv("STAND_IN_NVML") || !is_first(device) ? 0 : 4711);
  *count = pid ? 2 : 0;
  if (pid == 0) return SUCCESS;
  processes[0].pid = (unsigned)pid;
  processes[1].pid = (unsigned)pid + 1;
  processes[0].memory = number_of(device, "pid_memory", 0);
  processes[1].memory = 0;
  if (getenv("STAND_IN_NVML")) *count = 1;
  return SUCCESS;
}

// In mJ; of a device of which it is told how many `watts` it takes all the time.
int nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long* energy) {
  char value[96];
  struct timespec now;
  if (!told((unsigned)(unsigned long)device - 1, "watts", value)) return NOT_SUPPORTED;
  clock_gettime(CLOCK_MONOTONIC, &now);
  *energy = strtoull(value, 0, 0) * ((unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000);
  return SUCCESS;
}
