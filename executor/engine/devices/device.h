#pragma once

#include <string>
#include <vector>

namespace studyctl {

// A whole device of this machine, and the ways there are to hand it to a container.
struct Device {
  std::string kind;                // "nvidia.com/gpu", "amd.com/gpu", a CDI kind, or a node's path
  std::string id;                  // among its kind: "GPU-…", "0", "renderD128"; empty for a plain node
  std::string cdi_name;            // "nvidia.com/gpu=GPU-…" where a CDI specification has it, else empty
  std::vector<std::string> nodes;  // where it is handed over as device nodes
  std::vector<long> groups;        // that may open the nodes

  // As leases and people call it: "nvidia.com/gpu=GPU-…", "/dev/kvm".
  std::string name() const { return id.empty() ? kind : kind + "=" + id; }
};

}  // namespace studyctl
