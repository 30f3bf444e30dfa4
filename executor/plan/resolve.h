#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "plan/plan.h"

namespace studyctl {

// What an attempt is called, and what stands for limits that the study does not give.
struct AttemptNames {
  std::string study;
  std::string run;
  std::string experiment;
  uint64_t index = 0;
  uint32_t cycle = 1;
  uint32_t attempt = 1;
  uint32_t seed = 0;
  int64_t memory_bytes = 0;          // the limit where a retry rule let it grow; 0: the study's
  int64_t machine_millicpu = 0;      // 0: not known
  int64_t machine_memory_bytes = 0;  // 0: not known
};

struct ResolvedFile {
  std::string path;       // below /study
  std::string content;    // unless from_file
  std::string from_file;  // a key of the study's Inputs
};

// What one attempt runs, every ${…} put in. Secrets are still references.
struct ResolvedPod {
  std::vector<Container> init;
  Container main;
  // STUDY_… and OMP_NUM_THREADS, for every container of the attempt; a variable of its own with the same name
  // wins.
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<ResolvedFile> files;
  std::string params_json;  // of /study/params.json
};

// `pod`: of the point's variant. Invalid names the field with an unknown name in it.
Result<ResolvedPod> resolve(const Study& study, const PodTemplate& pod, const Point& point,
                            const AttemptNames& names);

// That every experiment has what its texts refer to. Looks at all points only where some have other
// parameters than others, and texts need those.
Result<void> check_texts(const Study& study, const Plan& plan);

// STUDY_PARAM_<NAME>: upper case, anything but letters and digits as _.
std::string parameter_variable(std::string_view name);

// The parameters with their types, dotted names nested: {"pytorch":{"batch_size":8}}.
std::string params_json(const Point& point);

// Limits as ${resources.…} and STUDY_… give them: cores rounded up as Kubernetes' resourceFieldRef does;
// whole devices, of all kinds together, nodes like /dev/dri left out.
int64_t whole_cores(int64_t millicpu);
int count_of_gpus(const Resources& resources);

}  // namespace studyctl
