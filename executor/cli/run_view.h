#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/progress_tail.h"
#include "store/status.h"
#include "study/run_choice.h"

namespace studyctl {

// Shows a run as its files tell of it, to people: on a terminal a view that is drawn over and over, elsewhere
// a plain line for each repetition that ends and for each change of the run. It reads status.json and
// progress.jsonl alone, so it shows a run of this process and one of another alike. One thread.
class RunView {
 public:
  // `fd` is where it is drawn; a terminal or not.
  RunView(std::filesystem::path run_directory, int fd, const Clock& clock);

  // Draws what is new. False once the run has ended or its controller is gone.
  bool refresh();
  // Takes the view off the terminal: something else is said in its place.
  void clear();

 private:
  void draw(const Status& status);
  void print_progress(const Status& status);
  void print_state(const Status& status);

  std::filesystem::path directory_;
  int fd_;
  bool terminal_;
  const Clock& clock_;
  std::vector<size_t> drawn_;  // the columns of each line on the terminal
  std::optional<ProgressTail> progress_;
  std::string shown_state_;
};

// Shows a run that another process drives until it ends, or until Ctrl+C, which ends the view alone. The exit
// code that apply would end with.
int follow(const ChosenRun& chosen);

// Says how a run has ended that nobody drives any more, and what may be done next; the exit code of that.
int tell_end(const Status& status, const ResultsVolume& volume);

}  // namespace studyctl
