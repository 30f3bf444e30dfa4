#include "engine/process/supervisor.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/hash.h"
#include "base/log.h"
#include "engine/devices/lease_files.h"
#include "engine/process/spawn.h"
#include "engine/process/strays.h"
#include "engine/process/supervisor_place.h"

namespace studyctl {
namespace {

constexpr Duration kIdle{5000};
constexpr Duration kTryAgain{1000};

void remove_if_empty(const std::filesystem::path& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 0) unlink(path.c_str());
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// A process counts from its fork on, when it was a copy of us.
std::optional<uint64_t> memory_peak_of(const rusage& used) {
  rusage ours{};
  getrusage(RUSAGE_SELF, &ours);
  if (used.ru_maxrss <= ours.ru_maxrss) return std::nullopt;
  return static_cast<uint64_t>(used.ru_maxrss) * 1024;
}

}  // namespace

Supervisor::Supervisor(EventLoop& loop, std::filesystem::path directory, Fd lock, ProcessLog log)
    : loop_(loop), directory_(std::move(directory)), lock_(std::move(lock)), log_(std::move(log)) {}

Supervisor::~Supervisor() {
  controllers_.clear();
  loop_.unwatch(listener_.get());
  loop_.unwatch(signals_.get());
}

Result<std::unique_ptr<Supervisor>> Supervisor::open(EventLoop& loop,
                                                     const std::filesystem::path& directory) {
  Fd lock(::open((directory / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return errno_error((directory / "lock").string());
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{ErrorCode::Conflict, directory.string() + ": another supervisor is at work there"};
  auto log = ProcessLog::open(directory / "processes.jsonl");
  if (!log) return std::move(log).error();
  std::unique_ptr<Supervisor> supervisor(new Supervisor(loop, directory, std::move(lock), *std::move(log)));
  if (auto ended = supervisor->end_what_is_left(); !ended) return std::move(ended).error();
  if (auto listens = supervisor->listen(); !listens) return std::move(listens).error();
  return supervisor;
}

Result<void> Supervisor::listen() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  signals_ = Fd(signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals_) return errno_error("signalfd");
  auto listener = listen_in(directory_);
  if (!listener) return std::move(listener).error();
  listener_ = *std::move(listener);
  loop_.watch(signals_.get(), EPOLLIN, [this](uint32_t) { reap(); });
  loop_.watch(listener_.get(), EPOLLIN, [this](uint32_t) { accept(); });
  return {};
}

Result<void> Supervisor::end_what_is_left() {
  // Two volumes may lie in directories of one name.
  const std::string here = sha256_hex(std::filesystem::absolute(directory_).string()).substr(0, 16);
  groups_ = ControlGroups::find("studyctl-" + here);
  std::vector<SupervisedProcess> open;
  for (const auto& [id, process] : log_.processes())
    if (!process.end) open.push_back(process);
  if (open.empty()) return {};
  kill_marked([&open](const std::string& marker) {
    return std::any_of(open.begin(), open.end(),
                       [&](const SupervisedProcess& process) { return process.id == marker; });
  });
  for (SupervisedProcess& process : open) {
    process.end = SupervisedEnd{false, 128 + SIGKILL, SIGKILL, loop_.clock().now()};
    if (auto noted = log_.note(process); !noted) return noted;
  }
  return log_.sync();
}

void Supervisor::run() {
  look_whether_idle();
  while (!is_over_) loop_.run_once(kIdle);
}

void Supervisor::look_whether_idle() {
  if (!controllers_.empty() || !children_.empty() || !ended_.empty()) return;
  loop_.after(kIdle, [this] { is_over_ = controllers_.empty() && children_.empty() && ended_.empty(); });
}

void Supervisor::accept() {
  Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return;
  const auto place = controllers_.emplace(controllers_.end());
  *place = std::make_unique<LineSocket>(
      loop_, std::move(socket),
      LineSocket::Callbacks{[this, place](const std::string& line) { obey(**place, line); },
                            [this, place] {
                              controllers_.erase(place);
                              look_whether_idle();
                            }});
}

void Supervisor::obey(LineSocket& controller, const std::string& line) {
  const auto order = parse_order(line);
  if (!order) return log::warning(order.error().message);
  switch (order->kind) {
    case ProcessOrder::Kind::Start: return start(controller, order->start);
    case ProcessOrder::Kind::Stop: return stop(*order);
    case ProcessOrder::Kind::Forget: return forget(order->id);
    case ProcessOrder::Kind::List: return list(controller);
  }
}

// On disk before it is: whoever comes after us knows what to look for.
void Supervisor::start(LineSocket& controller, const ProcessStart& order) {
  const auto known = log_.processes().find(order.id);
  if (known != log_.processes().end()) {
    const auto kind = known->second.end ? ProcessNews::Kind::Ended : ProcessNews::Kind::Running;
    return controller.send(line_of({kind, known->second}));
  }
  SupervisedProcess process{order.id, order.run, 0, loop_.clock().now(), {}, order.devices};
  auto group = group_for(order);
  auto lease = order.lease.empty() ? Result<Fd>(Fd()) : hold_lease(order.lease);
  auto noted = !group ? Result<void>(group.error()) : !lease ? lease.error() : log_.note(process);
  auto pid = noted ? spawn(order, group->entrances(), lease->get()) : Result<int>(noted.error());
  if (!pid) {
    (void)log_.forget(order.id);
    remove_if_empty(order.out);
    remove_if_empty(order.err);
    return controller.send(line_of({ProcessNews::Kind::Refused, process, pid.error().message}));
  }
  process.pid = *pid;
  children_[*pid] = {process, order.out, order.err, *std::move(group), *std::move(lease)};
  pids_[order.id] = *pid;
  tell({ProcessNews::Kind::Running, process});
}

Result<ControlGroup> Supervisor::group_for(const ProcessStart& order) const {
  if (order.limits == ProcessLimits{} || !groups_.trouble().empty()) return ControlGroup();
  return groups_.make(order.id, order.limits);
}

void Supervisor::stop(const ProcessOrder& order) {
  const auto found = pids_.find(order.id);
  if (found == pids_.end()) return;
  Child& child = children_.at(found->second);
  const int pid = found->second;
  if (order.grace > Duration(0)) kill(-pid, SIGTERM);
  if (child.kill_timer) loop_.cancel(*child.kill_timer);
  child.kill_timer = loop_.after(order.grace, [&child, pid] {
    child.kill_timer.reset();
    kill(-pid, SIGKILL);
  });
}

void Supervisor::forget(const std::string& id) {
  if (const auto found = pids_.find(id); found != pids_.end()) {
    to_forget_.insert(id);
    kill(-found->second, SIGKILL);
    return;
  }
  if (auto forgotten = log_.forget(id); !forgotten) log::warning(forgotten.error().message);
  SupervisedProcess gone;
  gone.id = id;
  tell({ProcessNews::Kind::Gone, gone});
}

void Supervisor::list(LineSocket& controller) const {
  for (const auto& [id, process] : log_.processes()) {
    const auto running = pids_.find(id);
    const SupervisedProcess& known = running == pids_.end() ? process : children_.at(running->second).process;
    controller.send(line_of({ProcessNews::Kind::Known, known}));
  }
  controller.send(line_of({ProcessNews::Kind::Listed, {}, groups_.trouble()}));
}

// What a command leaves running goes with it. Its group is killed while its pid cannot be another's yet.
void Supervisor::reap() {
  signalfd_siginfo told[64];
  while (read(signals_.get(), told, sizeof told) > 0) {}
  while (true) {
    siginfo_t how{};
    if (waitid(P_ALL, 0, &how, WEXITED | WNOHANG | WNOWAIT) != 0 || how.si_pid == 0) break;
    const int pid = how.si_pid;
    if (children_.contains(pid)) kill(-pid, SIGKILL);
    rusage used{};
    wait4(pid, nullptr, WNOHANG, &used);
    if (children_.contains(pid)) end(pid, how, used);
  }
  kill_strays();
  publish_ends();
}

void Supervisor::end(int pid, const siginfo_t& how, const rusage& used) {
  Child child = std::move(children_.at(pid));
  children_.erase(pid);
  if (child.kill_timer) loop_.cancel(*child.kill_timer);
  pids_.erase(child.process.id);
  remove_if_empty(child.out);
  remove_if_empty(child.err);
  const bool has_exited = how.si_code == CLD_EXITED;
  child.process.end =
      SupervisedEnd{true, has_exited ? how.si_status : 128 + how.si_status, has_exited ? 0 : how.si_status,
                    loop_.clock().now(), child.group.oom_kills()};
  child.group.kill_all();
  const double counted = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  child.process.end->cpu_seconds = std::max(counted, child.group.cpu_seconds().value_or(0));
  child.process.end->memory_peak = memory_peak_of(used);
  ended_.push_back(std::move(child.process));
}

// All that have ended by now are synced at once, and told of after that.
void Supervisor::publish_ends() {
  Result<void> kept;
  for (const SupervisedProcess& process : ended_)
    if (kept) kept = log_.note(process);
  if (kept && !ended_.empty()) kept = log_.sync();
  if (!kept) {
    log::error(kept.error().message + "; it is tried again");
    loop_.after(kTryAgain, [this] { publish_ends(); });
    return;
  }
  for (const SupervisedProcess& process : std::exchange(ended_, {})) {
    tell({ProcessNews::Kind::Ended, process});
    if (to_forget_.erase(process.id) > 0) forget(process.id);
  }
  look_whether_idle();
}

// Orphans become our children. Those whose command has ended, or that have wiped their environment while
// nothing runs, are nobody's.
void Supervisor::kill_strays() const {
  for (const int pid : children_of_this_process()) {
    if (children_.contains(pid)) continue;
    const std::string marker = marker_of(pid);
    if (pids_.contains(marker) || (marker.empty() && !children_.empty())) continue;
    kill(pid, SIGKILL);
  }
}

void Supervisor::tell(const ProcessNews& news) {
  const std::string line = line_of(news);
  for (const auto& controller : controllers_) controller->send(line);
}

}  // namespace studyctl
