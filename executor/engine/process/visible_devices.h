#pragma once

#include <vector>

#include "engine/devices/device.h"
#include "engine/host_process.h"

namespace studyctl {

// Tells a process by its environment which devices are its own: CUDA_VISIBLE_DEVICES (and the order that
// numbers are of), NVIDIA_VISIBLE_DEVICES for wrappers that make containers, ROCR_VISIBLE_DEVICES. Of kinds
// that `inventory` has and it leased none of, it sees none, unless its manifest says otherwise. Other kinds
// have no variable that would hide them.
void show_devices(HostProcess& process, const std::vector<Device>& leased,
                  const std::vector<Device>& inventory);

}  // namespace studyctl
