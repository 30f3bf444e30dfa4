#pragma once

#include <functional>
#include <string>
#include <vector>

namespace studyctl {

// The name that a process, or what started it, was started under; empty for others and for those of other
// users.
std::string marker_of(int pid);

// Whether there is a process of this machine whose marker `is_wanted`.
bool is_marked(const std::function<bool(const std::string& marker)>& is_wanted);

// Kills all processes of this machine whose marker `is_wanted`, until there are none, for some seconds at
// most.
void kill_marked(const std::function<bool(const std::string& marker)>& is_wanted);

// The children of this process, which has one thread.
std::vector<int> children_of_this_process();

}  // namespace studyctl
