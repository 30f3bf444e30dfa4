#include "control/core_pool.h"

#include <iterator>
#include <vector>

#include "base/text.h"

namespace studyctl {

void CorePool::hold(const std::string& run, const std::set<int>& cores) {
  std::lock_guard lock(mutex_);
  if (cores.empty())
    held_.erase(run);
  else
    held_[run] = cores;
}

namespace {

// `count` of `free` that follow each other, else the lowest; none when there are too few.
std::set<int> choose(const std::set<int>& free, int64_t count) {
  if (std::ssize(free) < count) return {};
  std::set<int> row;
  for (const int core : free) {
    if (!row.empty() && *row.rbegin() != core - 1) row.clear();
    row.insert(core);
    if (std::ssize(row) == count) return row;
  }
  return {free.begin(), std::next(free.begin(), static_cast<std::ptrdiff_t>(count))};
}

}  // namespace

std::string CorePool::take(const std::string& run, const std::set<int>& cores, int64_t count, int64_t all) {
  std::lock_guard lock(mutex_);
  held_[run] = cores;
  std::set<int> free;
  for (int core = 0; core < all; ++core) free.insert(core);
  for (const auto& [holder, taken] : held_)
    for (const int core : taken) free.erase(core);
  const std::set<int> chosen = choose(free, count);
  held_[run].insert(chosen.begin(), chosen.end());
  return text_of(chosen);
}

std::set<int> cores_of(const std::string& text) {
  std::set<int> cores;
  if (text.empty()) return cores;
  for (const std::string& range : split(text, ',')) {
    const std::vector<std::string> ends = split(range, '-');
    for (int core = std::stoi(ends.front()); core <= std::stoi(ends.back()); ++core) cores.insert(core);
  }
  return cores;
}

std::string text_of(const std::set<int>& cores) {
  std::string text;
  for (auto first = cores.begin(); first != cores.end();) {
    auto last = first;
    while (std::next(last) != cores.end() && *std::next(last) == *last + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(*first);
    if (last != first) text += "-" + std::to_string(*last);
    first = std::next(last);
  }
  return text;
}

}  // namespace studyctl
