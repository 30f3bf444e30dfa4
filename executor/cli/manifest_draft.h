#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace studyctl {

// What `create study` is told.
struct ManifestDraft {
  std::string name;
  std::string image = "debian:12";
  std::vector<std::string> parameters;  // "lr=0.1,0.2"
  int cycles = 1;
  std::string cpu, memory;
  std::optional<int> gpus;
  std::vector<std::string> command;
};

// A commented manifest that validate accepts. Invalid: it would not.
Result<std::string> draft_manifest(const ManifestDraft& draft);

}  // namespace studyctl
