#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "cli/log_printer.h"
#include "cli/progress_tail.h"
#include "store/run_directory.h"
#include "study/run_choice.h"

namespace studyctl {

// "[water-… c2] ": what stands before each line of a log among others.
std::string log_prefix(const AttemptPlace& place);

// Follows the logs of all that runs in a run, each line with its experiment before it. What begins and ends
// is read from progress.jsonl, so that nothing is missed however short it runs.
class LogFollower {
 public:
  LogFollower(const ChosenRun& chosen, LogStyle style, LogStart start);

  // Takes in what runs now. Call once, first.
  Result<void> begin();
  // Prints what is new.
  void pump();
  // All that is followed has ended: call once the run has.
  void finish();

 private:
  void on_line(const ProgressLine& line);
  void follow(const AttemptPlace& place, const LogStart& start);

  const ChosenRun& chosen_;
  LogStyle style_;
  LogStart start_;
  std::optional<ProgressTail> progress_;
  std::map<AttemptPlace, LogReader> readers_;
  std::set<AttemptPlace> without_files_;  // begun, but their directory is not there yet
};

}  // namespace studyctl
