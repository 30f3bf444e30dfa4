#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace studyctl {

// The cores that attempts are pinned to, of all runs that share a machine. Safe from any thread.
class CorePool {
 public:
  // What a run has now, and no more: of attempts whose decision is recorded.
  void hold(const std::string& run, const std::set<int>& cores);
  // The same; then `count` of the machine's `all` cores that nobody has, which are the run's from here on:
  // the lowest neighbours ("0-3"), or where there are none so many, the lowest ("0,2-4"). Empty: too few are
  // free.
  std::string take(const std::string& run, const std::set<int>& cores, int64_t count, int64_t all);

 private:
  std::mutex mutex_;
  std::map<std::string, std::set<int>> held_;  // by run
};

// The cores of "0,2-4"; none of "". And back.
std::set<int> cores_of(const std::string& text);
std::string text_of(const std::set<int>& cores);

}  // namespace studyctl
