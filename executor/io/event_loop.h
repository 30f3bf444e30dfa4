#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// One epoll for everything that waits: sockets, pidfds, timers, and a wake-up from other threads. All calls
// but wake() belong to the thread that runs it (the control thread). Callbacks may add and remove watches and
// timers, their own too.
class EventLoop {
 public:
  using Token = uint64_t;
  using FdCallback = std::function<void(uint32_t epoll_events)>;

  explicit EventLoop(Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls back whenever `fd` shows one of `epoll_events` (EPOLLIN…). The fd stays the caller's; unwatch
  // before closing it.
  void watch(int fd, uint32_t epoll_events, FdCallback callback);
  // Does nothing when `fd` is not watched.
  void unwatch(int fd);

  // Calls back once, `delay` from now (steady time) or as soon as the loop comes round.
  Token after(Duration delay, std::function<void()> callback);
  // Does nothing when it has fired or is unknown.
  void cancel(Token timer);

  // Calls `callback` once when process `pid` has ended; at once when it is not there. Unavailable where
  // pidfd_open is refused.
  Result<Token> on_process_end(int pid, std::function<void()> callback);
  void cancel_process_watch(Token token);

  // Makes run_once() return soon. Safe from any thread and from a signal handler.
  void wake();

  // Waits until something is ready, a timer is due, wake() was called or `longest` is over, and runs the
  // callbacks of all that is ready.
  void run_once(Duration longest);

  Clock& clock() { return clock_; }

 private:
  struct Parts;
  Clock& clock_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace studyctl
