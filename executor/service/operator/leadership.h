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

  // `pod`: this process's, labelled while it acts; empty: none is. `changed`: state() is another one; from
  // that thread.
  Leadership(ClusterAccess access, std::string pod, std::function<void()> changed);
  // Lets the next one have it at once.
  ~Leadership();

  State state() const { return state_; }
  // Whether what is led is open, and served.
  void acts(bool acts);

  // For probes; from any thread.
  struct Standing {
    bool is_alive = false;  // its thread goes on with its election
    bool acts = false;
    bool is_ready = false;  // acts, or stands by where a label leads to who acts
    std::string waits_for;  // whom or what; empty where it leads
  };
  Standing standing() const;

 private:
  void run();
  void note(const std::string& waits_for, bool is_another);

  const ClusterAccess access_;
  const std::string pod_;
  const std::function<void()> changed_;
  SystemClock clock_;
  EventLoop loop_;
  std::atomic<State> state_{State::Waits};
  std::atomic<bool> is_ending_{false};
  std::atomic<bool> acts_{false};
  std::atomic<bool> is_labelled_{false};  // as it stands
  std::atomic<Steady> turned_at_;
  mutable std::mutex mutex_;
  std::string waits_for_ = "its first look at the Lease";
  bool is_another_ = false;  // that it waits for
  std::thread thread_;
};

}  // namespace studyctl
