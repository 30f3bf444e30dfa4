#pragma once

#include <functional>

#include "io/event_loop.h"

namespace studyctl {

// Turns the loop until `is_done`, half a minute of real time at most. False when they were not enough.
inline bool run_until(EventLoop& loop, const std::function<bool()>& is_done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop.run_once(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace studyctl
