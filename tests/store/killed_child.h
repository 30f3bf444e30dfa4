#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>

namespace studyctl {

// Runs `work` in a process of its own and kills it (-9) once it has reported `reports` steps, at whatever
// instant after that the kernel gets to it. Returns the number of steps that it had reported in the end.
inline uint64_t kill_after(uint64_t reports,
                           const std::function<void(const std::function<void()>& report)>& work) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    work([&] {
      if (write(ends[1], "x", 1) != 1) _exit(1);
    });
    _exit(0);
  }
  close(ends[1]);
  uint64_t reported = 0;
  char byte = 0;
  while (reported < reports && read(ends[0], &byte, 1) == 1) ++reported;
  kill(child, SIGKILL);
  while (read(ends[0], &byte, 1) == 1) ++reported;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return reported;
}

}  // namespace studyctl
