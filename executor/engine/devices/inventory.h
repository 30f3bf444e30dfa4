#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/devices/device.h"
#include "io/event_loop.h"
#include "io/subprocess.h"
#include "model/study.h"

namespace studyctl {

// Where devices are looked for.
struct DevicePlaces {
  std::vector<std::filesystem::path> cdi = {"/etc/cdi", "/var/run/cdi"};
  std::filesystem::path devices = "/dev";
  std::string gpus;  // instead of asking the driver: "GPU-aaaa,GPU-bbbb", "0,1"; "none"
  std::string gpu_kind = "nvidia.com/gpu";  // of those
};

// Finds the devices of this machine: NVIDIA's by its own tool, AMD's by their nodes, and all that CDI
// specifications name. Control thread only.
class DeviceFinder {
 public:
  using Done = std::function<void(std::vector<Device>)>;

  DeviceFinder(EventLoop& loop, DevicePlaces places);
  ~DeviceFinder();
  DeviceFinder(const DeviceFinder&) = delete;
  DeviceFinder& operator=(const DeviceFinder&) = delete;

  // Once. Takes a second or two where the driver is slow; calls back from the loop.
  void find(Done done);

 private:
  void finish(const std::vector<std::string>& nvidia);

  EventLoop& loop_;
  DevicePlaces places_;
  Done done_;
  std::unique_ptr<ProgramTask> tool_;
  EventLoop::Token timer_ = 0;
};

// The ids in what `nvidia-smi -L` prints: a GPU's UUID, or those of its MIG instances where it is cut up.
std::vector<std::string> parse_nvidia_list(std::string_view text);

// The devices of one CDI specification, in JSON or in the plain YAML that tools write: kind and name of each.
// "all" is none.
std::vector<Device> parse_cdi(std::string_view text);

// All that is here. `nvidia`: the ids that NVIDIA's tool named; where there are none, CDI specifications may
// still name some.
std::vector<Device> assemble_inventory(const std::vector<std::string>& nvidia, const std::vector<Device>& cdi,
                                       const std::vector<Device>& amd);

// AMD's compute devices: each is /dev/kfd and a render node of its own.
std::vector<Device> amd_devices(const std::filesystem::path& devices);

// A plain node that was asked for by its path; NotFound when it is not there.
Result<Device> plain_device(const std::string& path);

}  // namespace studyctl
