#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/event.h"

namespace studyctl {

// How an attempt failed, as far as its workload told (rule 14 of the manifest's rules).
struct FailureRecord {
  std::string type;
  std::string message;
  std::string traceback;
  std::vector<std::string> last_lines;  // of its log, 50 at most
};

// attempt.json: all that is known of one attempt that ended.
struct AttemptRecord {
  AttemptKey key;
  std::string study;
  std::string run_id;
  std::string experiment;
  std::string identity;
  std::string parameters;  // JSON object
  uint64_t seed = 0;

  Reason reason = Reason::Completed;
  Verdict verdict = Verdict::Succeeded;
  bool counted = true;
  int exit_code = 0;
  int signal = 0;
  std::string message;
  std::optional<FailureRecord> failure;

  std::optional<Instant> intended_at, started_at, finished_at;
  Duration duration{0};

  std::string engine;    // "Docker 20.10.24 (API 1.41)"
  std::string endpoint;  // "unix:///var/run/docker.sock"
  std::string host;
  std::string container;
  std::string image;  // as written
  std::string image_digest;
  std::vector<std::string> devices;
  std::string cpus;
  double cores = 0;                             // its cpu limit; 0: none
  std::map<std::string, std::string> versions;  // of studyctl, kernel, driver …

  std::vector<MetricValue> metrics;
  std::vector<std::string> warnings;
  Conditions conditions;
  std::map<std::string, std::string> volumes;  // emptyDir volume → "cold" or "warm", as it began
  std::vector<std::string> cold_start;         // what was dropped from the page cache before it began
  int64_t memory_bytes = 0;                    // its limit; 0: none
  Duration run_timeout{0};
  GrownLimits grown;  // of the attempts that follow; 0: as the study says
};

// What was told alone; "{}" where nothing was.
std::string to_json(const Conditions& conditions);
Result<Conditions> conditions_from_json(std::string_view json);

std::string to_json(const AttemptRecord& record);
Result<AttemptRecord> attempt_from_json(std::string_view json);

// attempt.json in `directory`, durably, never through a link that the workload made.
Result<void> write_attempt(const std::filesystem::path& directory, const AttemptRecord& record);
Result<AttemptRecord> read_attempt(const std::filesystem::path& directory);

}  // namespace studyctl
