#include "cli/foreground.h"

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
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/outbox_text.h"
#include "cli/run_view.h"
#include "cli/terminal_signals.h"
#include "http/command_api.h"
#include "service/carry_channel.h"
#include "service/channels.h"
#include "service/run_driver.h"
#include "store/trash.h"
#include "study/applied_manifest.h"

namespace studyctl {
namespace {

constexpr Duration kFrame{200};
constexpr Duration kLongestSettling{10'000};

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

// One run with all that this process has for it, from its first controller to its last.
class Foreground {
 public:
  explicit Foreground(ForegroundOptions options) : options_(std::move(options)) {}
  ~Foreground() { signals_.detach(); }

  Result<void> open(Assignment assignment) {
    const std::string& study = assignment.study->study().name;
    const std::string run = assignment.again ? assignment.again->record.id : "";
    auto live = LiveRuns::take(assignment.volume, this_holder(study, run));
    if (!live) return std::move(live).error();
    live_ = *std::move(live);
    clear_staged(assignment.volume);
    live_->start_notifier(assignment.volume, {options_.drive.secret_directories});
    if (auto finished = finish_removals(assignment.volume); !finished) return finished;
    channels_.emplace(assignment.volume, *live_);
    if (!options_.listen.empty())
      if (auto listening = channels_->listen(options_.listen); !listening) return listening;
    auto carriers = open_carry_channel(assignment.volume, options_.drive.carry);
    if (!carriers) return std::move(carriers).error();
    carriers_ = *std::move(carriers);
    if (auto opened = begin(std::move(assignment), options_.drive); !opened) return opened;
    return channels_->open();
  }

  // `view`, which may be null, is hidden once the terminal has gone.
  Result<void> run(ViewThread* view) {
    signals_.on_hangup([view] {
      if (view) view->hide();
      leave_terminal();
    });
    if (options_.first) (void)driver_->tell(*options_.first);
    auto ran = run_in_turn(driver_, [this](Assignment next, DriveOptions options) {
      return begin(std::move(next), std::move(options));
    });
    if (!ran) return ran;
    if (!driver_->handed_over()) channels_->finish();
    return {};
  }

  // What is left to tell of the run, once there was time to send it.
  Result<Outbox::Counts> settle_messages() {
    return live_->notifier()->settle(driver_->run_id(), kLongestSettling);
  }

  const RunDriver& driver() const { return *driver_; }
  std::string listens_at() const { return channels_->listens_at(); }

 private:
  Result<void> begin(Assignment assignment, DriveOptions options) {
    signals_.detach();
    driver_.emplace(std::move(assignment), std::move(options), *live_, nullptr);
    signals_.attach(*driver_);
    return driver_->open();
  }

  const ForegroundOptions options_;
  TerminalSignals signals_;
  std::unique_ptr<LiveRuns> live_;
  std::optional<RunDriver> driver_;
  std::optional<Channels> channels_;
  std::unique_ptr<Server> carriers_;
};

void tell_messages(const Result<Outbox::Counts>& messages, const ViewThread* view) {
  for (const std::string& text : messages ? left_to_tell(*messages) : std::vector{messages.error().message}) {
    if (view) std::printf("%s\n", text.c_str());
    if (!view) log::warning(text);
  }
}

int drive(Foreground& foreground, ViewThread* view) {
  const Result<void> ran = foreground.run(view);
  if (view) view->end();
  if (!ran) {
    log::error(ran.error().message);
    return fail(ran.error());
  }
  const RunDriver& driver = foreground.driver();
  const Status status = driver.status();
  if (!driver.handed_over()) tell_messages(foreground.settle_messages(), view);
  if (view && !driver.handed_over()) std::printf("results: %s\n", driver.directory().path().c_str());
  if (view) tell_end(status, driver.volume());
  if (!driver.handed_over()) return exit_code_of(status.state, status.state_reason);
  if (view) std::printf("handed over: containers run on; the same apply goes on with them\n");
  return kStopped;
}

// What a detached controller says to its parent: one line, "ok <directory>" or "<exit code> <message>".
int report_to_parent(int pipe, const std::string& line) {
  const Fd end(pipe);
  return write_all(end.get(), line) ? 0 : 1;
}

int drive_detached(Assignment assignment, ForegroundOptions options) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(errno_error("pipe"));
  const pid_t child = fork();
  if (child < 0) return fail(errno_error("fork"));
  if (child == 0) {
    close(ends[0]);
    setsid();
    Foreground foreground(std::move(options));
    if (auto opened = foreground.open(std::move(assignment)); !opened) {
      report_to_parent(ends[1],
                       std::to_string(exit_code_of(opened.error().code)) + " " + opened.error().message);
      return kRefused;
    }
    const std::string address = foreground.listens_at().empty() ? "" : ", " + foreground.listens_at();
    report_to_parent(ends[1], "ok " + foreground.driver().directory().path().string() + address);
    leave_terminal();
    return drive(foreground, nullptr);
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

void add_carry_options(CLI::App& command, CarryFlags& carry) {
  const char* group = "A cluster whose nodes do not see the results";
  command
      .add_option("--carry-address", carry.address,
                  "Carry files to pods and back: where they reach this process, http://HOST:PORT")
      ->envname("STUDYCTL_CARRY_ADDRESS")
      ->type_name("URL")
      ->group(group);
  command
      .add_option(
          "--carry-listen", carry.listen,
          "Where to listen for them; the port of --carry-address, on all addresses, unless it is said")
      ->envname("STUDYCTL_CARRY_LISTEN")
      ->type_name("ADDRESS")
      ->group(group);
  command
      .add_option("--carry-image", carry.image, "An image with studyctl in it, for what carries in the pods")
      ->envname("STUDYCTL_CARRY_IMAGE")
      ->type_name("IMAGE")
      ->capture_default_str()
      ->group(group);
  command.add_option("--carry-pull-secret", carry.pull_secrets, "A Secret of the cluster that pulls it")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->group(group);
}

void add_foreground_options(CLI::App& command, ForegroundOptions& options) {
  DriveOptions& drive = options.drive;
  command.add_option("--lease-dir", drive.lease_directory, "Where devices are leased on this machine")
      ->type_name("DIR")
      ->group("Engine");
  command
      .add_option("--gpus", drive.gpus, "The GPUs there are, instead of what the machine says: 0,1 or UUIDs")
      ->type_name("IDS")
      ->group("Engine");
  command
      .add_option("--secret-dir", drive.secret_directories,
                  "A directory with a directory per Secret, a file per key")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command
      .add_option("--listen", options.listen,
                  "Answer GET /status, /events, /metrics and /healthz there while it runs: 127.0.0.1:8080")
      ->type_name("ADDRESS");
  add_carry_options(command, drive.carry);
  command.add_option("--at-most", drive.at_most, "Start so many repetitions, then stop")->type_name("N");
  command.add_flag("--no-pilot-pause", drive.no_pilot_pause,
                   "Go on behind spec.execution.pilot without a pause");
  command.add_flag("--accept-image-change", drive.accept_image_change,
                   "Go on although an image's tag points elsewhere than before");
  command.add_flag("--detach,-d", options.detach,
                   "Run headless; the log is controller.log in the run's directory");
}

Result<void> none_for_a_service(const ForegroundOptions& options) {
  const std::pair<const char*, bool> given[] = {
      {"--listen", !options.listen.empty()},
      {"--carry-address", !options.drive.carry.address.empty()},
      {"--lease-dir", !options.drive.lease_directory.empty()},
      {"--gpus", !options.drive.gpus.empty()},
      {"--secret-dir", !options.drive.secret_directories.empty()},
      {"--at-most", options.drive.at_most.has_value()},
  };
  for (const auto& [name, is_given] : given)
    if (is_given)
      return Error{ErrorCode::Invalid,
                   std::string(name) + ": a service drives the run, by options of its own"};
  return {};
}

int run_here(std::unique_ptr<LoadedStudy> study, ResultsVolume volume, std::optional<RunSummary> again,
             ForegroundOptions options) {
  if (on_behalf())
    return fail({ErrorCode::Unavailable, "the service has ended: the run goes on once it is back"});
  Assignment assignment{std::move(study), std::move(volume), std::move(again)};
  if (options.detach) return drive_detached(std::move(assignment), std::move(options));
  Foreground foreground(std::move(options));
  if (auto opened = foreground.open(std::move(assignment)); !opened) return fail(opened.error());
  if (!foreground.listens_at().empty()) std::printf("listening: %s\n", foreground.listens_at().c_str());
  SystemClock clock;
  ViewThread view(foreground.driver().directory().path(), clock);
  return drive(foreground, &view);
}

int go_on_here(ChosenRun chosen, ForegroundOptions options) {
  auto study = load_run(chosen);
  if (!study) return fail(study.error());
  return run_here(*std::move(study), std::move(chosen.volume), std::move(chosen.run), std::move(options));
}

}  // namespace studyctl
