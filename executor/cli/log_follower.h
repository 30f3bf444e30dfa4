#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/fd.h"
#include "cli/log_reader.h"
#include "cli/run_choice.h"
#include "store/run_directory.h"

namespace studyctl {

// "[water-… c2] ": what stands before each line of a log among others.
std::string log_prefix(const AttemptPlace& place);

// An attempt whose log is followed.
struct FollowedAttempt {
  AttemptPlace place;
  auto operator<=>(const FollowedAttempt& other) const {
    return std::tie(place.experiment, place.cycle, place.attempt) <=>
           std::tie(other.place.experiment, other.place.cycle, other.place.attempt);
  }
  bool operator==(const FollowedAttempt& other) const { return (*this <=> other) == 0; }
};

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
  void read_progress();
  void on_line(const std::string& line);
  void follow(const AttemptPlace& place, const LogStart& start);

  const ChosenRun& chosen_;
  LogStyle style_;
  LogStart start_;
  Fd progress_;
  std::string torn_;  // a line of progress.jsonl that is not whole yet
  std::map<FollowedAttempt, LogReader> readers_;
  std::vector<AttemptPlace> without_files_;  // begun, but their directory is not there yet
};

}  // namespace studyctl
