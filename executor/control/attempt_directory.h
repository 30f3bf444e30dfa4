#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/mounts.h"
#include "plan/resolve.h"
#include "store/run_directory.h"

namespace studyctl {

// Beside `partial`, an attempt's directory: what goes when the attempt has ended.
std::filesystem::path scratch_beside(const std::filesystem::path& partial);

// Where the parts of the attempt in `partial` lie. `run`: the run's directory.
AttemptPaths paths_in(const std::filesystem::path& partial, const std::filesystem::path& run);

// All that an attempt's directory is made of, gathered so that any thread may make it.
struct DirectoryPlan {
  AttemptPlace place;
  std::optional<FileOwner> owner;
  bool has_checkpoint = false;
  std::string params_json;
  std::vector<ResolvedFile> files;  // from_file: the name of an input that the run keeps
  VolumePlan volumes;
  std::string command_line;  // empty: not written
};

// Makes it. Safe to repeat. Volume → "cold" or "warm", of those that a workload may have filled before.
// Unavailable: the volume is full or gone; any other error names what is missing.
Result<std::map<std::string, std::string>> make_attempt_directory(const RunDirectory& run,
                                                                  const DirectoryPlan& plan);

}  // namespace studyctl
