#include "engine/process/strays.h"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "engine/process/spawn.h"

namespace studyctl {
namespace {

constexpr int kMostPasses = 100;
constexpr Duration kBetweenPasses{20};

int number_in(const std::string& text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Calls `act` with each process but this one whose marker `is_wanted`, until it returns false.
void for_each_marked(const std::function<bool(const std::string& marker)>& is_wanted,
                     const std::function<bool(int pid)>& act) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const int pid = number_in(entry->path().filename().string());
    if (pid <= 0 || pid == getpid()) continue;
    const std::string marker = marker_of(pid);
    if (!marker.empty() && is_wanted(marker) && !act(pid)) return;
  }
}

}  // namespace

std::string marker_of(int pid) {
  const std::string begin = std::string(kMarker) + "=";
  for (const std::string& variable : split(read_or_empty("/proc/" + std::to_string(pid) + "/environ"), '\0'))
    if (variable.starts_with(begin)) return variable.substr(begin.size());
  return {};
}

bool is_marked(const std::function<bool(const std::string& marker)>& is_wanted) {
  bool found = false;
  for_each_marked(is_wanted, [&found](int) {
    found = true;
    return false;
  });
  return found;
}

void kill_marked(const std::function<bool(const std::string& marker)>& is_wanted) {
  for (int pass = 0; pass < kMostPasses; ++pass) {
    bool found = false;
    for_each_marked(is_wanted, [&found](int pid) {
      found = true;
      kill(pid, SIGKILL);
      return true;
    });
    if (!found) return;
    std::this_thread::sleep_for(kBetweenPasses);
  }
}

std::vector<int> children_of_this_process() {
  const std::string self = std::to_string(getpid());
  std::vector<int> pids;
  for (const std::string& word : split(read_or_empty("/proc/" + self + "/task/" + self + "/children"), ' '))
    if (const int pid = number_in(word); pid > 0) pids.push_back(pid);
  return pids;
}

}  // namespace studyctl
