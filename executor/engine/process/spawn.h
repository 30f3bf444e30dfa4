#pragma once

#include <vector>

#include "base/result.h"
#include "engine/process/supervised.h"

namespace studyctl {

// The variable of every process that says whose it is: its value is the name it was started under. What a
// workload leaves behind is found by it.
inline constexpr char kMarker[] = "STUDYCTL_PROCESS";

// Starts it as the leader of a session and a process group of its own, with what `start` says and no
// descriptor of ours but `kept` (-1: none), and returns its pid once the program runs. For processes of one
// thread: it waits for nothing else meanwhile. NotFound, Invalid or Unavailable: nothing was started, and
// why.
Result<int> spawn(const ProcessStart& start, const std::vector<int>& entrances = {}, int kept = -1);

}  // namespace studyctl
