#include "cli/serve.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "cli/applied_manifest.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/run_view.h"
#include "cli/service.h"

namespace studyctl {
namespace {

constexpr Duration kFrame{200};

// Shows a run from a thread of its own, so that a terminal that stands still holds nothing up.
class ViewThread {
 public:
  ViewThread(const std::filesystem::path& directory, const Clock& clock)
      : view_(directory, STDOUT_FILENO, clock), thread_([this] { show(); }) {}
  ~ViewThread() { end(); }

  void end() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  void hide() { hidden_ = true; }

 private:
  void show() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (!hidden_) view_.refresh();
      if (ending_) break;
      wake_.wait_for(lock, kFrame);
    }
    if (!hidden_) view_.clear();
  }

  RunView view_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::atomic<bool> hidden_{false};
  std::thread thread_;
};

void leave_terminal() {
  const Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere.get(), fd);
}

// Runs one controller after the other, as long as one says what the next is to do.
Result<void> run_all(std::unique_ptr<Service>& service, ViewThread* view) {
  while (true) {
    service->on_hangup([view] {
      if (view) view->hide();
      leave_terminal();
    });
    if (auto ran = service->run(); !ran) return ran;
    auto next = service->next();
    if (!next) return {};
    service.reset();
    service = std::make_unique<Service>(std::move(next->first), std::move(next->second));
    if (auto opened = service->open(); !opened) return opened;
  }
}

int drive(std::unique_ptr<Service> driven, ViewThread* view) {
  const Result<void> ran = run_all(driven, view);
  Service& service = *driven;
  if (view) view->end();
  if (!ran) {
    log::error(ran.error().message);
    return fail(ran.error());
  }
  const Status status = service.status();
  if (view && !service.handed_over()) std::printf("results: %s\n", service.directory().path().c_str());
  if (view) tell_end(status, service.volume());
  if (!service.handed_over()) return exit_code_of(status.state, status.state_reason);
  if (view) std::printf("handed over: containers run on; the same apply goes on with them\n");
  return kStopped;
}

// What a detached controller says to its parent: one line, "ok <directory>" or "<exit code> <message>".
int report_to_parent(int pipe, const std::string& line) {
  const Fd end(pipe);
  return write_all(end.get(), line) ? 0 : 1;
}

int serve_detached(Assignment assignment, ServeOptions options) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(errno_error("pipe"));
  const pid_t child = fork();
  if (child < 0) return fail(errno_error("fork"));
  if (child == 0) {
    close(ends[0]);
    setsid();
    auto service = std::make_unique<Service>(std::move(assignment), std::move(options));
    if (auto opened = service->open(); !opened) {
      report_to_parent(ends[1],
                       std::to_string(exit_code_of(opened.error().code)) + " " + opened.error().message);
      return kRefused;
    }
    const std::string address = service->listens_at().empty() ? "" : ", " + service->listens_at();
    report_to_parent(ends[1], "ok " + service->directory().path().string() + address);
    leave_terminal();
    return drive(std::move(service), nullptr);
  }
  close(ends[1]);
  const Fd from_child(ends[0]);
  std::string said;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(from_child.get(), buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<size_t>(got));
  if (said.starts_with("ok ")) {
    std::printf("detached: pid %d, %s\n", child, said.substr(3).c_str());
    return kSucceeded;
  }
  const size_t space = said.find(' ');
  if (space == std::string::npos)
    return fail({ErrorCode::Internal, "the detached controller ended before it said anything"});
  std::fprintf(stderr, "studyctl: %s\n", said.substr(space + 1).c_str());
  return std::stoi(said.substr(0, space));
}

}  // namespace

void add_serve_options(CLI::App& command, ServeOptions& options) {
  command.add_option("--lease-dir", options.lease_directory, "Where devices are leased on this machine")
      ->type_name("DIR")
      ->group("Engine");
  command
      .add_option("--gpus", options.gpus,
                  "The GPUs there are, instead of what the machine says: 0,1 or UUIDs")
      ->type_name("IDS")
      ->group("Engine");
  command
      .add_option("--secret-dir", options.secret_directories,
                  "A directory with a directory per Secret, a file per key")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command
      .add_option("--listen", options.listen,
                  "Answer GET /status, /events, /metrics and /healthz there while it runs: 127.0.0.1:8080")
      ->type_name("ADDRESS");
  command.add_option("--at-most", options.at_most, "Start so many repetitions, then stop")->type_name("N");
  command.add_flag("--no-pilot-pause", options.no_pilot_pause,
                   "Go on behind spec.execution.pilot without a pause");
  command.add_flag("--accept-image-change", options.accept_image_change,
                   "Go on although an image's tag points elsewhere than before");
  command.add_flag("--detach,-d", options.detach,
                   "Run headless; the log is controller.log in the run's directory");
}

int serve(std::unique_ptr<LoadedStudy> study, ResultsVolume volume, std::optional<RunSummary> again,
          ServeOptions options) {
  Assignment assignment{std::move(study), std::move(volume), std::move(again), std::nullopt};
  if (options.detach) return serve_detached(std::move(assignment), std::move(options));
  auto service = std::make_unique<Service>(std::move(assignment), std::move(options));
  if (auto opened = service->open(); !opened) return fail(opened.error());
  if (!service->listens_at().empty()) std::printf("listening: %s\n", service->listens_at().c_str());
  SystemClock clock;
  ViewThread view(service->directory().path(), clock);
  return drive(std::move(service), &view);
}

int serve_again(ChosenRun chosen, ServeOptions options) {
  auto manifest = applied_manifest(chosen);
  if (!manifest) return fail(manifest.error());
  auto study = load_applied(manifest->manifest, manifest->inputs, chosen.directory.path());
  if (!study) return fail(study.error());
  return serve(*std::move(study), std::move(chosen.volume), std::move(chosen.run), std::move(options));
}

}  // namespace studyctl
