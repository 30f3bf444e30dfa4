#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/experiment_choice.h"
#include "study/run_choice.h"

namespace studyctl {

// Lines under headings, for people: "Name:        value". Nothing that a terminal would obey gets in.
class Description {
 public:
  // A line with a label; nothing when `value` is empty.
  void field(const std::string& label, const std::string& value, size_t indent = 0);
  // A heading, and lines below it, which may have line breaks; nothing when there are none.
  void section(const std::string& heading, const std::vector<std::string>& lines, size_t indent = 0);

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

// A run: how it stands and why, what it waits for, what failed last, who asked for what.
Result<Description> describe_run(const ChosenRun& chosen, Instant now);

// An experiment of it: its parameters and every attempt, with all that is known of how it ended.
Result<Description> describe_experiment(const ChosenRun& chosen, const ChosenExperiment& experiment,
                                        Instant now);

}  // namespace studyctl
