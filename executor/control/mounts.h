#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "model/study.h"

namespace studyctl {

// Where the parts of an attempt that its containers see lie on the host.
struct AttemptPaths {
  std::filesystem::path results;  // the attempt's directory
  std::filesystem::path study;    // its files, with params.json
  std::filesystem::path scratch;  // emptyDir volumes and files from secrets; goes when the attempt has ended
  std::filesystem::path run_volumes;  // emptyDir volumes of scope Run
};

// What `container` sees: results, /study, and its volumeMounts. The host's side of a termination message is
// in `results`.
Result<std::vector<Mount>> mounts_of(const Container& container, const PodTemplate& pod,
                                     const std::string& results_path, const AttemptPaths& paths);

// The keys of a Secret or a ConfigMap, by name.
using ProjectedFiles = std::function<Result<std::map<std::string, std::string>>(const ProjectedVolume&)>;

// What make_volumes() makes, with the content of what it writes. It holds secrets.
struct VolumePlan {
  struct Place {
    Volume volume;
    std::map<std::string, std::string> files;  // of a ProjectedVolume, by their path in it
  };
  bool has_termination_message = false;
  std::vector<Place> places;
};
// NotFound names a key that is not there.
Result<VolumePlan> plan_volumes(const PodTemplate& pod, const ProjectedFiles& projected);

// Makes what mounts_of() names below paths.scratch and paths.run_volumes. Safe to repeat. Volume → "cold" or
// "warm", of those that a workload may have filled before. Any thread.
Result<std::map<std::string, std::string>> make_volumes(const VolumePlan& plan, const AttemptPaths& paths);

inline constexpr const char* kTerminationMessage = "termination-message";

}  // namespace studyctl
