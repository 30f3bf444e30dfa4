#pragma once

#include <atomic>
#include <functional>
#include <mutex>
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
  // Whom or what for; empty where it leads.
  std::string waits_for() const;
  // Its thread goes on with its election.
  bool is_alive() const;

 private:
  void run();
  void note(const std::string& waits_for);

  const ClusterAccess access_;
  const std::function<void()> changed_;
  SystemClock clock_;
  EventLoop loop_;
  std::atomic<State> state_{State::Waits};
  std::atomic<bool> is_ending_{false};
  std::atomic<Steady> turned_at_;
  mutable std::mutex mutex_;
  std::string waits_for_ = "its first look at the Lease";
  std::thread thread_;
};

}  // namespace studyctl
