#include "engine/process/visible_devices.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr char kNvidia[] = "nvidia.com/gpu";
constexpr char kAmd[] = "amd.com/gpu";

std::vector<const Device*> of_kind(const std::vector<Device>& devices, const std::string& kind) {
  std::vector<const Device*> found;
  for (const Device& device : devices)
    if (device.kind == kind) found.push_back(&device);
  return found;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// ROCm counts its devices, and their render nodes are numbered in the same order.
std::string name_for_rocm(const Device& device, const std::vector<const Device*>& all) {
  if (is_number(device.id)) return device.id;
  const auto is_it = [&device](const Device* other) { return other->id == device.id; };
  return std::to_string(std::find_if(all.begin(), all.end(), is_it) - all.begin());
}

class Variables {
 public:
  explicit Variables(HostProcess& process) : all_(process.environment) {}

  bool has(const std::string& name) const {
    return std::any_of(all_.begin(), all_.end(), [&](const auto& one) { return one.first == name; });
  }
  void set(const std::string& name, const std::string& value) {
    std::erase_if(all_, [&](const auto& one) { return one.first == name; });
    all_.emplace_back(name, value);
  }

 private:
  std::vector<std::pair<std::string, std::string>>& all_;
};

}  // namespace

void show_devices(HostProcess& process, const std::vector<Device>& leased,
                  const std::vector<Device>& inventory) {
  Variables variables(process);
  const auto hide = [&](const std::string& kind, const std::string& name) {
    if (!of_kind(inventory, kind).empty() && !variables.has(name)) variables.set(name, "");
  };
  std::vector<std::string> nvidia, amd;
  for (const Device* device : of_kind(leased, kNvidia)) nvidia.push_back(device->id);
  for (const Device* device : of_kind(leased, kAmd))
    amd.push_back(name_for_rocm(*device, of_kind(inventory, kAmd)));
  if (nvidia.empty()) {
    hide(kNvidia, "CUDA_VISIBLE_DEVICES");
  } else {
    variables.set("CUDA_VISIBLE_DEVICES", join(nvidia, ","));
    variables.set("NVIDIA_VISIBLE_DEVICES", join(nvidia, ","));
    if (is_number(nvidia.front())) variables.set("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
  }
  if (amd.empty())
    hide(kAmd, "ROCR_VISIBLE_DEVICES");
  else
    variables.set("ROCR_VISIBLE_DEVICES", join(amd, ","));
}

}  // namespace studyctl
