#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/engine.h"

namespace studyctl {

// What is known of the end of an attempt.
struct SlurmEnd {
  std::map<std::string, std::string> notes;  // our script's; empty where it left none
  std::string state;                         // Slurm's, "TIMEOUT"; empty where it has forgotten it
  std::string reason;                        // Slurm's
  int exit_code = 0;                         // Slurm's
  bool stopped_by_us = false;
  std::optional<int64_t> memory_limit;
  std::optional<Duration> run_timeout;
  Duration grace{0};
};

// Of one whose task has begun: Exited, or Refused where main never ran; Missing (Lost) where nobody knows.
Observation observation_of_end(const AttemptId& attempt, const SlurmEnd& end);

// Of one that has left Slurm's queue, and whose task has not begun: Refused, or Missing (Interrupted).
// `home`: its directory.
Observation observation_of_never_run(const AttemptId& attempt, const SlurmEnd& end, const std::string& home);

// "0:45" or "1-02:03:04", as squeue writes what is left of a job's time; nothing for "UNLIMITED".
std::optional<Duration> parse_time_left(const std::string& text);

}  // namespace studyctl
