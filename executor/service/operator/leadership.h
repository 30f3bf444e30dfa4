#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "engine/kubernetes/access.h"
#include "io/event_loop.h"

namespace studyctl {

// Whether this process is the one that acts for a namespace: a thread that stands for election, whatever else
// the process is busy with.
class Leadership {
 public:
  enum class State : uint8_t { Waits, Leads, Lost };

  // `changed`: state() is another one. From that thread.
  Leadership(ClusterAccess access, std::function<void()> changed);
  // Lets the next one have it at once.
  ~Leadership();

  State state() const { return state_; }

 private:
  void run();

  const ClusterAccess access_;
  const std::function<void()> changed_;
  SystemClock clock_;
  EventLoop loop_;
  std::atomic<State> state_{State::Waits};
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

}  // namespace studyctl
