#pragma once

#include <functional>

#include "base/fd.h"
#include "service/run_driver.h"

namespace studyctl {

// What a terminal, or a service manager, says to the run that is driven here: Ctrl+C is stop, again cancel;
// SIGTERM hands over; SIGHUP means that the terminal is gone. The signals are blocked, so it is made before
// the first other thread.
class TerminalSignals {
 public:
  TerminalSignals();

  // From here on they are said to `driver`, on its thread, until detach() or its end.
  void attach(RunDriver& driver);
  void detach();
  void on_hangup(std::function<void()> callback) { hung_up_ = std::move(callback); }

 private:
  void note(int signal);

  Fd signals_;
  RunDriver* driver_ = nullptr;
  int interrupts_ = 0;
  std::function<void()> hung_up_;
};

}  // namespace studyctl
