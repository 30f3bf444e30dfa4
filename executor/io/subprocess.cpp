#include "io/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "base/text.h"

extern char** environ;

namespace studyctl {
namespace {

constexpr Duration kDestructorPatience{100};
constexpr Duration kKillPatience{2000};
constexpr Duration kLongestWait = std::chrono::hours(24 * 365);

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class SpawnAttributes {
 public:
  // Our own signal mask and ignored signals are not for the child.
  SpawnAttributes() {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<std::string> environment_of(const Program& command) {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    const std::string_view name = variable.substr(0, variable.find('='));
    const bool is_replaced = std::any_of(command.environment.begin(), command.environment.end(),
                                         [&](const auto& own) { return own.first == name; });
    if (!is_replaced) variables.emplace_back(variable);
  }
  for (const auto& [name, value] : command.environment)
    variables.emplace_back(name).append("=").append(value);
  return variables;
}

// No pipe: nobody has to feed it.
Fd input_of(const Program& command) {
  if (command.input.empty()) return Fd();
  Fd file(memfd_create("input", MFD_CLOEXEC));
  const auto size = static_cast<ssize_t>(command.input.size());
  if (!file || pwrite(file.get(), command.input.data(), command.input.size(), 0) != size) return Fd();
  return file;
}

Error failure(const Program& command, int code) {
  errno = code;
  return errno_error(printable(command.name()));
}

ProcessEnd end_of(const siginfo_t& status) {
  if (status.si_code == CLD_EXITED) return {status.si_status, 0};
  return {128 + status.si_status, status.si_status};
}

}  // namespace

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string ProcessEnd::text() const {
  if (signal == 0) return "exit code " + std::to_string(exit_code);
  const char* description = sigdescr_np(signal);
  return "signal " + std::to_string(signal) +
         (description == nullptr ? "" : " (" + std::string(description) + ")");
}

Result<Subprocess> Subprocess::spawn(const Program& command, Output output) {
  if (command.words.empty()) return Error{ErrorCode::Invalid, "there is no program to start"};
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return errno_error("/dev/null");
  SpawnActions actions;
  const SpawnAttributes attributes;
  const int out = output.out < 0 ? null.get() : output.out;
  const int err = output.err < 0 ? null.get() : output.err;
  const Fd input = input_of(command);
  posix_spawn_file_actions_adddup2(actions.get(), input ? input.get() : null.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), err, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), STDERR_FILENO + 1);
  if (!command.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(actions.get(), command.directory.c_str());
  }
  std::vector<std::string> words = command.words;
  std::vector<std::string> variables = environment_of(command);
  pid_t pid = -1;
  const int code = posix_spawnp(&pid, words.front().c_str(), actions.get(), attributes.get(),
                                pointers_to(words).data(), pointers_to(variables).data());
  if (code != 0) return failure(command, code);
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd) return Subprocess(pid, std::move(pidfd));
  const int refused = errno;
  kill(-pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return failure(command, refused).within("cannot watch a process");
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), end_(other.end_) {}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(end_, other.end_);
  return *this;
}

Subprocess::~Subprocess() {
  if (pid_ < 0 || end()) return;
  send_signal(SIGKILL);
  wait(kDestructorPatience);
}

std::optional<ProcessEnd> Subprocess::end() {
  if (end_) return end_;
  siginfo_t status{};
  const int done = waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &status, WEXITED | WNOHANG);
  if (done == 0 && status.si_pid == 0) return std::nullopt;
  if (done != 0 && errno == EINTR) return std::nullopt;
  // Somebody else took its end away: all that is left to know is that it ended.
  end_ = done == 0 ? end_of(status) : ProcessEnd{255, 0};
  return end_;
}

std::optional<ProcessEnd> Subprocess::wait(Duration patience) {
  const auto until = std::chrono::steady_clock::now() + std::min<Duration>(patience, kLongestWait);
  while (!end()) {
    const auto left = std::chrono::ceil<Duration>(until - std::chrono::steady_clock::now());
    if (left <= Duration(0)) break;
    pollfd ended{pidfd_.get(), POLLIN, 0};
    poll(&ended, 1, static_cast<int>(std::min<int64_t>(left.count(), INT_MAX)));
  }
  return end();
}

// The group lives on as long as the leader is not reaped, so the number is still the child's.
void Subprocess::send_signal(int signal) {
  if (!end()) kill(-pid_, signal);
}

std::optional<ProcessEnd> Subprocess::terminate(Duration grace) {
  send_signal(SIGTERM);
  if (const auto ended = wait(grace)) return ended;
  send_signal(SIGKILL);
  return wait(kKillPatience);
}

}  // namespace studyctl
