#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/text.h"
#include "io/subprocess.h"

namespace studyctl {
namespace {

constexpr int kReadsInOneTurn = 16;  // with the buffer below, as much as a pipe can hold

}  // namespace

struct ProgramTask::Parts {
  EventLoop& loop;
  std::string name;
  ProgramLimits limits;
  Done done;
  std::optional<Subprocess> process;
  Fd out, err;  // reading ends
  ProgramOutput output;
  EventLoop::Token timer = 0;

  ~Parts() { leave(); }

  Result<void> start(const Program& command);
  void read_some(Fd& pipe, std::string& text);
  void close(Fd& pipe);
  void on_end();
  void leave();
  // Destroys the task's parts at the caller's will: nothing may be touched after it.
  void tell(Result<ProgramOutput> result);
};

Result<void> ProgramTask::Parts::start(const Program& command) {
  std::array<int, 2> out_ends{}, err_ends{};
  if (pipe2(out_ends.data(), O_CLOEXEC) != 0) return errno_error("cannot make a pipe");
  out = Fd(out_ends[0]);
  const Fd out_writing(out_ends[1]);
  if (pipe2(err_ends.data(), O_CLOEXEC) != 0) return errno_error("cannot make a pipe");
  err = Fd(err_ends[0]);
  const Fd err_writing(err_ends[1]);
  for (const Fd* reading : {&out, &err}) fcntl(reading->get(), F_SETFL, O_NONBLOCK);
  auto spawned = Subprocess::spawn(command, {out_writing.get(), err_writing.get()});
  if (!spawned) return std::move(spawned).error();
  process.emplace(std::move(*spawned));
  return {};
}

// Also what is over the limit, or the program would wait for ever; but a turn of the loop must end, however
// fast it writes.
void ProgramTask::Parts::read_some(Fd& pipe, std::string& text) {
  std::array<char, 65536> buffer;
  for (int i = 0; i < kReadsInOneTurn && pipe; ++i) {
    const ssize_t got = read(pipe.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return close(pipe);
    const size_t room = limits.bytes - text.size();
    const size_t kept = std::min(room, static_cast<size_t>(got));
    text.append(buffer.data(), kept);
    output.is_cut = output.is_cut || kept < static_cast<size_t>(got);
  }
}

void ProgramTask::Parts::close(Fd& pipe) {
  if (!pipe) return;
  loop.unwatch(pipe.get());
  pipe = Fd();
}

// Does not wait for the pipes' ends: a grandchild may hold them open for ever.
void ProgramTask::Parts::on_end() {
  const auto end = process->end();
  if (!end) return;
  read_some(out, output.out);
  read_some(err, output.err);
  output.end = *end;
  tell(std::move(output));
}

void ProgramTask::Parts::leave() {
  loop.cancel(timer);
  close(out);
  close(err);
  if (process) loop.unwatch(process->pidfd());
  process.reset();
}

void ProgramTask::Parts::tell(Result<ProgramOutput> result) {
  leave();
  const Done told = std::move(done);
  told(std::move(result));
}

ProgramTask::ProgramTask(EventLoop& loop, const Program& command, ProgramLimits limits, Done done)
    : parts_(new Parts{loop, printable(command.name()), limits, std::move(done), {}, {}, {}, {}, 0}) {
  Parts* const parts = parts_.get();
  if (auto started = parts->start(command); !started) {
    parts->timer = loop.after(Duration(0), [parts, error = started.error()] { parts->tell(error); });
    return;
  }
  loop.watch(parts->out.get(), EPOLLIN,
             [parts](uint32_t) { parts->read_some(parts->out, parts->output.out); });
  loop.watch(parts->err.get(), EPOLLIN,
             [parts](uint32_t) { parts->read_some(parts->err, parts->output.err); });
  loop.watch(parts->process->pidfd(), EPOLLIN, [parts](uint32_t) { parts->on_end(); });
  parts->timer = loop.after(limits.time, [parts, limit = limits.time] {
    parts->tell(Error{ErrorCode::Unavailable,
                      parts->name + ": did not end within " + human_duration(limit) + " and was killed"});
  });
}

ProgramTask::~ProgramTask() = default;

Result<ProgramOutput> run_program(const Program& command, ProgramLimits limits) {
  SystemClock clock;
  EventLoop loop(clock);
  std::optional<Result<ProgramOutput>> result;
  const ProgramTask task(loop, command, limits,
                         [&](Result<ProgramOutput> told) { result.emplace(std::move(told)); });
  while (!result) loop.run_once(std::chrono::seconds(1));
  return std::move(*result);
}

}  // namespace studyctl
