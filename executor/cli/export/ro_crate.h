#pragma once

#include <filesystem>
#include <string>

#include "study/run_choice.h"

namespace studyctl {

struct CrateRequest {
  std::filesystem::path directory;  // made; must be empty when it is there
  std::string license;              // an address; empty: none is stated
};

// A run as an RO-Crate 1.1 that conforms to Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun/workflow/0.5):
// the study is the workflow, the run its execution, each attempt that ran the execution of a container. Files
// are copied: the crate stands for itself. Conflict where the directory is not empty.
Result<void> write_ro_crate(const ChosenRun& chosen, const CrateRequest& request);

}  // namespace studyctl
