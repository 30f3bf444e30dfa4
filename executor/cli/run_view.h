#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "store/status.h"

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
  // Draws no more on the terminal and leaves what is there.
  void end();

 private:
  void draw(const Status& status);
  void print_progress(const Status& status);
  void print_state(const Status& status);

  std::filesystem::path directory_;
  int fd_;
  bool terminal_;
  const Clock& clock_;
  size_t drawn_ = 0;  // lines on the terminal
  Fd progress_;
  std::string torn_;  // a line of progress.jsonl that is not whole yet
  std::string shown_state_;
};

}  // namespace studyctl
