#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "base/log.h"
#include "engine/process/supervisor.h"

namespace studyctl {
namespace {

// What it says goes to supervisor.log; it holds nothing of whoever started it.
void leave(const std::filesystem::path& directory, int answers) {
  setsid();
  (void)chdir("/");
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const Fd log(open((directory / "supervisor.log").c_str(),
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  dup2(null.get(), STDIN_FILENO);
  dup2(log ? log.get() : null.get(), STDOUT_FILENO);
  dup2(log ? log.get() : null.get(), STDERR_FILENO);
  close_range(STDERR_FILENO + 1, static_cast<unsigned>(answers) - 1, 0);
  close_range(static_cast<unsigned>(answers) + 1, ~0U, 0);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  // What controllers are told to hand over by, perhaps by name: what runs is not theirs to end.
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "studyctl-procs");
}

// An empty answer: it listens, or another one does.
[[noreturn]] void work(const std::filesystem::path& directory, int answers) {
  leave(directory, answers);
  SystemClock clock;
  EventLoop loop(clock);
  auto supervisor = Supervisor::open(loop, directory);
  if (!supervisor && supervisor.error().code != ErrorCode::Conflict)
    (void)write_all(answers, supervisor.error().message);
  close(answers);
  if (supervisor) (*supervisor)->run();
  if (supervisor) supervisor->reset();  // its control groups go with it
  _exit(0);
}

}  // namespace

Result<void> supervise(const std::filesystem::path& directory) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return errno_error("pipe");
  const Fd from(pipe_ends[0]);
  Fd to(pipe_ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return errno_error("no supervisor can be started");
  if (pid == 0) work(directory, to.release());
  to = Fd();
  std::string answer;
  char buffer[1024];
  for (ssize_t count = 0; (count = read(from.get(), buffer, sizeof buffer)) > 0;)
    answer.append(buffer, static_cast<size_t>(count));
  if (!answer.empty()) return Error{ErrorCode::Unavailable, answer};
  return {};
}

}  // namespace studyctl
