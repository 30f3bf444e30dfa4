#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/event.h"
#include "model/states.h"
#include "model/study.h"
#include "store/attempt_record.h"
#include "store/harvest/byte_source.h"
#include "store/harvest/gpu_failure.h"

namespace studyctl {

// What is asked about a finished attempt.
struct HarvestRequest {
  std::filesystem::path directory;
  ResultRules rules;
  bool exited_zero = false;                                // by itself: not timed out, not cancelled
  std::filesystem::path termination_message_path_on_host;  // empty for none
  std::vector<std::string> log_patterns;                   // of the retry rules
  ReadLimits limits;
};

// What its directory says.
struct Harvest {
  std::optional<Reason>
      verdict;  // ResultMissing or CheckFailed; nothing when all is well, or when it had not exited zero
  std::string message;                        // of the verdict: "required file is missing: result.json"
  std::vector<MetricValue> metrics;           // when it exited zero and there is no verdict
  std::vector<std::string> warnings;          // "metric energy: orca.out: no line matches '…'"; 100 at most
  std::optional<FailureRecord> failure;       // when it had not exited zero, or there is a verdict
  std::optional<GpuFailure> gpu_failure;      // when there is a failure that its log explains so
  std::vector<std::string> matched_patterns;  // those of log_patterns that match a line of stdout or stderr,
                                              // when there is a failure
};

// Reads the directory of an attempt that has ended. Nothing in it is trusted or changed. Takes what the files
// take to read, within the limits: call it on a worker thread.
//
// The order of rules: required files (ResultMissing), `failure` regexes (CheckFailed, with the group as
// message), `success` regexes (CheckFailed where no line matches), metrics. A file that a check needs and
// that cannot be read is CheckFailed; one that is not there has no failure in it. Whatever is wrong with a
// metric is a warning.
Harvest harvest(const HarvestRequest& request);

}  // namespace studyctl
