#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "study/study_source.h"

namespace studyctl {

// What a manifest that came over the network may ask of this machine. Whoever may mount any directory, or has
// a privileged container, owns it.
struct SubmitPolicy {
  // Directories that may be mounted, with what is below them: read-only, or also writable with ":rw" behind.
  // Into one that is writable a container may put a link to anywhere, which the next one mounts.
  std::vector<std::string> host_paths;
  std::vector<std::string> devices;  // device nodes: /dev/dri. Kinds as nvidia.com/gpu are leased, and may be
  std::vector<std::string> images;   // "registry.example/lab/*"; empty: any
  std::vector<std::string>
      notify_hosts;                // reached by notifications although they are this machine, or a link's
  bool allows_privileged = false;  // privileged, added capabilities, host network, privilege escalation
};

// Invalid: all that is not allowed, a line each, with what would allow it.
Result<void> check_policy(const SubmitPolicy& policy, const LoadedStudy& study);

}  // namespace studyctl
