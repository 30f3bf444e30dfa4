#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace studyctl {

// A line of progress.jsonl: one transition of a repetition; of the run itself when `experiment` is empty.
// States and reasons are the words that users see.
struct ProgressLine {
  uint64_t seq = 0;
  Instant at;
  std::string experiment;
  uint32_t generation = 1;
  uint64_t index = 0;  // of the experiment in the plan
  uint32_t cycle = 0;
  uint32_t attempt = 0;  // 0: none
  std::string from;
  std::string to;
  std::string reason;                // empty: none
  std::optional<Duration> duration;  // of the attempt that ended
  std::string message;               // of the run; who skipped it and why
  std::string source;                // the directory of the run that it is cached from
  // What a new plan holds; 0 in every other line. Of an experiment: so many cycles of it are planned.
  uint64_t experiments = 0;
  uint32_t cycles = 0;
  // Where an experiment was in an earlier plan.
  struct Before {
    uint32_t generation = 1;
    uint64_t index = 0;
  };
  std::optional<Before> before;
};

// With its line break.
std::string to_json_line(const ProgressLine& line);
// Invalid: a torn tail, or not a line of progress.jsonl.
Result<ProgressLine> progress_from_json(std::string_view line);

}  // namespace studyctl
