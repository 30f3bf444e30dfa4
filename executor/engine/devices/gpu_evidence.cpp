#include "engine/devices/gpu_evidence.h"

namespace studyctl {

// A device that is not there any more was there when it began.
GpuEvidence gpu_evidence(const std::vector<std::string>& devices, const Conditions& conditions, Instant since,
                         Sampler& sampler, KernelLog& kernel) {
  GpuEvidence evidence;
  for (const std::string& device : devices) {
    const std::optional<std::string> pci = sampler.pci_of(device);
    if (!pci) continue;
    const std::optional<Xid> xid = kernel.xid_of(*pci, since);
    if (xid && xid->may_be_the_programs()) {
      evidence.warnings.push_back(device + ": " + xid->text + " (most often the program's own fault)");
    } else if (xid) {
      evidence.fault = {xid->is_loss() ? Reason::GpuLost : Reason::GpuFault, device + ": " + xid->text};
    } else if (!sampler.is_there(device)) {
      evidence.fault = {Reason::GpuLost, device + " no longer answers its driver"};
    }
  }
  for (const GpuConditions& gpu : conditions.gpus)
    if (gpu.ecc_errors > 0 && !evidence.fault)
      evidence.fault = {Reason::GpuFault,
                        gpu.id + ": " + std::to_string(gpu.ecc_errors) + " uncorrected ECC errors"};
  return evidence;
}

}  // namespace studyctl
