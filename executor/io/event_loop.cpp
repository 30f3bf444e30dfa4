#include "io/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"

namespace studyctl {
namespace {

constexpr int kEventsAtOnce = 512;
constexpr uint64_t kWakeId = 0;
constexpr uint64_t kTimerId = 1;

// Without these a controller cannot work at all, and it asks for them first of all.
Fd must(int fd, const char* what) {
  if (fd >= 0) return Fd(fd);
  log::error(errno_error(std::string("cannot make an ") + what).message);
  std::abort();
}

void empty(int fd) {
  uint64_t count = 0;
  while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {}
}

}  // namespace

struct EventLoop::Parts {
  struct Watch {
    int fd;
    FdCallback callback;
  };
  struct ProcessWatch {
    Fd pidfd;         // none when the process was not there
    Token timer = 0;  // then this calls back
  };
  using TimerKey = std::pair<Steady, Token>;

  Fd epoll = must(epoll_create1(EPOLL_CLOEXEC), "epoll");
  Fd wake_event = must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  Fd timer = must(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd");
  Steady timer_rings_at = Steady::max();

  // By an id of its own and not by fd: an fd that was closed may be another's by the time its event is seen.
  std::unordered_map<uint64_t, std::unique_ptr<Watch>> watches;
  std::unordered_map<int, uint64_t> watch_of_fd;
  uint64_t next_watch = kTimerId + 1;
  // Callbacks that were removed, perhaps by themselves, live until the turn is over.
  std::vector<std::unique_ptr<Watch>> removed;
  bool in_turn = false;

  std::map<TimerKey, std::function<void()>> timers;
  std::unordered_map<Token, Steady> due_of_timer;
  Token next_token = 1;

  std::unordered_map<Token, ProcessWatch> processes;

  Parts() {
    add(EPOLL_CTL_ADD, wake_event.get(), EPOLLIN, kWakeId);
    add(EPOLL_CTL_ADD, timer.get(), EPOLLIN, kTimerId);
  }

  bool add(int operation, int fd, uint32_t events, uint64_t id) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    return epoll_ctl(epoll.get(), operation, fd, &event) == 0;
  }

  void ring_at(Steady due, Steady now);
  int wait_for(Steady now, Duration longest);
  void dispatch(const epoll_event& event);
  void run_due(Steady now);
};

EventLoop::EventLoop(Clock& clock) : clock_(clock), parts_(std::make_unique<Parts>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::watch(int fd, uint32_t epoll_events, FdCallback callback) {
  const auto known = parts_->watch_of_fd.find(fd);
  const bool is_known = known != parts_->watch_of_fd.end();
  const uint64_t id = is_known ? known->second : parts_->next_watch++;
  if (!parts_->add(is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, epoll_events, id)) {
    log::error(errno_error("cannot wait for file descriptor " + std::to_string(fd)).message);
    return;
  }
  auto& watch = parts_->watches[id];
  if (watch && parts_->in_turn) parts_->removed.push_back(std::move(watch));
  watch.reset(new Parts::Watch{fd, std::move(callback)});
  parts_->watch_of_fd[fd] = id;
}

void EventLoop::unwatch(int fd) {
  const auto known = parts_->watch_of_fd.find(fd);
  if (known == parts_->watch_of_fd.end()) return;
  const auto watch = parts_->watches.find(known->second);
  epoll_ctl(parts_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
  if (parts_->in_turn) parts_->removed.push_back(std::move(watch->second));
  parts_->watches.erase(watch);
  parts_->watch_of_fd.erase(known);
}

EventLoop::Token EventLoop::after(Duration delay, std::function<void()> callback) {
  const Token token = parts_->next_token++;
  const Steady due = clock_.steady() + std::max(delay, Duration(0));
  parts_->timers.emplace(Parts::TimerKey(due, token), std::move(callback));
  parts_->due_of_timer.emplace(token, due);
  return token;
}

void EventLoop::cancel(Token timer) {
  const auto due = parts_->due_of_timer.find(timer);
  if (due == parts_->due_of_timer.end()) return;
  parts_->timers.erase({due->second, timer});
  parts_->due_of_timer.erase(due);
}

Result<EventLoop::Token> EventLoop::on_process_end(int pid, std::function<void()> callback) {
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd && errno != ESRCH) return errno_error("cannot watch process " + std::to_string(pid));
  const Token token = parts_->next_token++;
  auto ended = [this, token, callback = std::move(callback)] {
    cancel_process_watch(token);
    callback();
  };
  Parts::ProcessWatch& process = parts_->processes[token];
  process.pidfd = std::move(pidfd);
  if (process.pidfd) {
    watch(process.pidfd.get(), EPOLLIN, [ended = std::move(ended)](uint32_t) { ended(); });
  } else {
    process.timer = after(Duration(0), std::move(ended));
  }
  return token;
}

void EventLoop::cancel_process_watch(Token token) {
  const auto process = parts_->processes.find(token);
  if (process == parts_->processes.end()) return;
  if (process->second.pidfd) unwatch(process->second.pidfd.get());
  cancel(process->second.timer);
  parts_->processes.erase(process);
}

void EventLoop::wake() {
  const int saved = errno;
  const uint64_t one = 1;
  while (write(parts_->wake_event.get(), &one, sizeof one) < 0 && errno == EINTR) {}
  errno = saved;
}

void EventLoop::run_once(Duration longest) {
  std::array<epoll_event, kEventsAtOnce> events;
  const int ready = epoll_wait(parts_->epoll.get(), events.data(), kEventsAtOnce,
                               parts_->wait_for(clock_.steady(), longest));
  parts_->in_turn = true;
  for (int i = 0; i < ready; ++i) parts_->dispatch(events[static_cast<size_t>(i)]);
  parts_->run_due(clock_.steady());
  parts_->in_turn = false;
  parts_->removed.clear();
}

// The timerfd and not epoll's own timeout, which stands still while the machine sleeps. It is only moved to
// ring earlier: most timers are cancelled long before they are due, and a ring too many is cheaper.
void EventLoop::Parts::ring_at(Steady due, Steady now) {
  if (timer_rings_at <= due && timer_rings_at > now) return;
  const Duration delay = due - now;
  itimerspec time{};
  time.it_value.tv_sec = std::chrono::floor<std::chrono::seconds>(delay).count();
  time.it_value.tv_nsec = std::chrono::nanoseconds(delay % std::chrono::seconds(1)).count();
  timerfd_settime(timer.get(), 0, &time, nullptr);
  timer_rings_at = due;
}

int EventLoop::Parts::wait_for(Steady now, Duration longest) {
  if (!timers.empty()) {
    const Steady due = timers.begin()->first.first;
    if (due <= now) return 0;
    if (due - now <= longest) ring_at(due, now);
  }
  return static_cast<int>(std::clamp<int64_t>(longest.count(), 0, INT_MAX));
}

void EventLoop::Parts::dispatch(const epoll_event& event) {
  if (event.data.u64 == kWakeId) return empty(wake_event.get());
  if (event.data.u64 == kTimerId) {
    timer_rings_at = Steady::max();
    return empty(timer.get());
  }
  const auto found = watches.find(event.data.u64);
  if (found == watches.end()) return;
  const Watch& watch = *found->second;
  watch.callback(event.events);
}

// Timers that callbacks add wait for the next turn, so that none can hold up the others.
void EventLoop::Parts::run_due(Steady now) {
  const Token first_new = next_token;
  while (!timers.empty()) {
    const auto first = timers.begin();
    const auto [due, token] = first->first;
    if (due > now || token >= first_new) return;
    const std::function<void()> callback = std::move(first->second);
    due_of_timer.erase(token);
    timers.erase(first);
    callback();
  }
}

}  // namespace studyctl
