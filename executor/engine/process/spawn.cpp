#include "engine/process/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "base/fd.h"
#include "base/text.h"
#include "engine/process/namespaces.h"
#include "io/subprocess.h"

namespace studyctl {
namespace {

// What the child could not do, and errno.
struct Failure {
  enum class What : int { Furnish, Pin, Limit, BecomeUser, Enter, Run };
  What what = What::Run;
  int code = 0;
  char detail[256] = {};  // of Furnish: all of it, in words
};

// All that the child needs, made before it is: without namespaces it shares our memory until its program
// runs, so it allocates nothing.
struct ChildPlan {
  std::string program;
  std::vector<std::string> words, variables;
  std::vector<char*> argv, envp;
  std::string directory;
  cpu_set_t cpus;
  bool is_pinned = false;
  std::optional<int64_t> user, group, mapped_bytes;
  bool may_gain_privileges = true;
  OwnNamespaces namespaces;
  uid_t our_user = geteuid();
  gid_t our_group = getegid();
  std::vector<int> entrances;
  int kept = -1;
  Fd null, out, err;
  Fd failures;  // a pipe that takes a Failure
};

std::string value_in(const ProcessStart& start, std::string_view wanted) {
  for (const auto& [name, value] : start.process.environment)
    if (name == wanted) return value;
  return {};
}

bool is_program(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & 0111) != 0;
}

Result<std::string> find_program(const ProcessStart& start) {
  const std::string& word = start.process.words.front();
  if (word.find('/') != std::string::npos) return word;
  const std::string path = value_in(start, "PATH");
  for (const std::string& directory : split(path, ':'))
    if (is_program(directory + "/" + word)) return directory + "/" + word;
  return Error{ErrorCode::NotFound, "there is no program '" + printable(word) + "' in PATH (" +
                                        printable(path) + ") on this machine"};
}

Result<Fd> open_output(const std::filesystem::path& path) {
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return errno_error(path.string());
  return file;
}

Result<void> fill(ChildPlan& plan, const ProcessStart& start) {
  if (start.process.words.empty()) return Error{ErrorCode::Invalid, "there is no command"};
  auto program = find_program(start);
  if (!program) return std::move(program).error();
  plan.program = *std::move(program);
  plan.words = start.process.words;
  for (const auto& [name, value] : start.process.environment) plan.variables.push_back(name + "=" + value);
  plan.variables.push_back(std::string(kMarker) + "=" + start.id);
  plan.argv = pointers_to(plan.words);
  plan.envp = pointers_to(plan.variables);
  plan.directory = start.process.directory.string();
  CPU_ZERO(&plan.cpus);
  for (const int cpu : start.cpus) CPU_SET(static_cast<size_t>(cpu), &plan.cpus);
  plan.is_pinned = !start.cpus.empty();
  plan.user = start.user;
  plan.group = start.group;
  plan.may_gain_privileges = start.may_gain_privileges;
  plan.namespaces = start.process.namespaces;
  if (plan.entrances.empty()) plan.mapped_bytes = start.limits.memory_bytes;
  plan.null = Fd(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!plan.null) return errno_error("/dev/null");
  auto out = open_output(start.out);
  if (!out) return std::move(out).error();
  auto err =
      start.err == start.out ? Result<Fd>(Fd(fcntl(out->get(), F_DUPFD_CLOEXEC, 0))) : open_output(start.err);
  if (!err) return std::move(err).error();
  plan.out = *std::move(out);
  plan.err = *std::move(err);
  return {};
}

void reset_signals() {
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &normal, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The bare calls: those of the library would tell other threads, whose memory this is.
bool become_user(const ChildPlan& plan) {
  if (plan.group && (syscall(SYS_setgroups, 0, nullptr) != 0 || syscall(SYS_setgid, *plan.group) != 0))
    return false;
  return !plan.user || syscall(SYS_setuid, *plan.user) == 0;
}

bool enter(const ChildPlan& plan) {
  for (const int entrance : plan.entrances)
    if (write(entrance, "0", 1) != 1) return false;
  if (!plan.mapped_bytes) return true;
  const auto bytes = static_cast<rlim_t>(*plan.mapped_bytes);
  const rlimit limit{bytes, bytes};
  return setrlimit(RLIMIT_AS, &limit) == 0;
}

void furnish_or_end(const ChildPlan& plan) {
  const auto furnished = furnish(plan.namespaces, plan.our_user, plan.our_group);
  if (furnished) return;
  Failure failure{Failure::What::Furnish, EINVAL};
  furnished.error().message.copy(failure.detail, sizeof failure.detail - 1);
  (void)write(plan.failures.get(), &failure, sizeof failure);
  _exit(127);
}

[[noreturn]] void run_child(ChildPlan& plan) {
  using enum Failure::What;
  const auto give_up = [&plan](Failure::What what) {
    const Failure failure{what, errno};
    (void)write(plan.failures.get(), &failure, sizeof failure);
    _exit(127);
  };
  setsid();
  reset_signals();
  dup2(plan.null.get(), STDIN_FILENO);
  dup2(plan.out.get(), STDOUT_FILENO);
  dup2(plan.err.get(), STDERR_FILENO);
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (plan.kept >= 0) fcntl(plan.kept, F_SETFD, 0);
  if (clone_flags(plan.namespaces) != 0) furnish_or_end(plan);
  if (plan.is_pinned && sched_setaffinity(0, sizeof plan.cpus, &plan.cpus) != 0) give_up(Pin);
  if (!enter(plan)) give_up(Limit);
  if (!become_user(plan)) give_up(BecomeUser);
  if (!plan.may_gain_privileges) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (!plan.directory.empty() && chdir(plan.directory.c_str()) != 0) give_up(Enter);
  execve(plan.program.c_str(), plan.argv.data(), plan.envp.data());
  give_up(Run);
  _exit(127);
}

std::string text_of(Failure::What what, const ChildPlan& plan) {
  switch (what) {
    case Failure::What::Pin: return "cannot be pinned to its cores";
    case Failure::What::Limit: return "cannot be given its limits";
    case Failure::What::BecomeUser: return "cannot become its user";
    case Failure::What::Enter: return printable(plan.directory);
    case Failure::What::Furnish:
    case Failure::What::Run: break;
  }
  return printable(plan.program);
}

}  // namespace

Result<int> spawn(const ProcessStart& start, const std::vector<int>& entrances, int kept) {
  ChildPlan plan;
  plan.kept = kept;
  plan.entrances = entrances;
  if (auto filled = fill(plan, start); !filled) return std::move(filled).error();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("no process can be started");
  const Fd failures(ends[0]);
  plan.failures = Fd(ends[1]);
  // A fork() would copy the tables of our memory.
  const int flags = clone_flags(plan.namespaces);
  const pid_t pid = flags == 0 ? vfork() : fork_into(flags);
  if (pid == 0) run_child(plan);
  if (pid < 0) return errno_error("no process can be started");
  plan.failures = Fd();
  Failure failure;
  if (read(failures.get(), &failure, sizeof failure) != sizeof failure) return pid;
  waitpid(pid, nullptr, 0);
  if (failure.what == Failure::What::Furnish) return Error{ErrorCode::Unavailable, failure.detail};
  errno = failure.code;
  return errno_error(text_of(failure.what, plan));
}

}  // namespace studyctl
