#include "cli/run_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "base/text.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/pilot_text.h"
#include "cli/status_text.h"
#include "store/status_file.h"
#include "study/run_text.h"
#include "study/table.h"

namespace studyctl {
namespace {

constexpr timespec kFrame = {0, 200'000'000};

struct Size {
  size_t width = 80;
  size_t height = 24;
};

Size size_of(int fd) {
  winsize window{};
  if (ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return {};
  return {window.ws_col, window.ws_row};
}

// To where the first of the lines begins. A terminal that has become narrower has broken them into more.
std::string back_over(const std::vector<size_t>& lines, size_t width) {
  size_t rows = 0;
  for (const size_t columns : lines) rows += columns == 0 ? 1 : (columns + width - 1) / width;
  return rows == 0 ? "\r" : "\x1b[" + std::to_string(rows) + "F";
}

// Ctrl+C is waited for instead of ending the process, so that the terminal is left as it should be.
class Interrupt {
 public:
  Interrupt() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigprocmask(SIG_BLOCK, &set_, nullptr);
  }
  // True when it came within `time`.
  bool wait(const timespec& time) { return sigtimedwait(&set_, nullptr, &time) == SIGINT; }

 private:
  sigset_t set_{};
};

}  // namespace

RunView::RunView(std::filesystem::path run_directory, int fd, const Clock& clock)
    : directory_(std::move(run_directory)), fd_(fd), terminal_(isatty(fd) == 1), clock_(clock) {}

bool RunView::refresh() {
  const Result<Status> status = read_status(directory_ / "status.json");
  if (!status) return true;  // not there yet
  const bool is_on = liveness_of(*status, clock_.now()) == Liveness::Alive;
  if (!terminal_) {
    print_progress(*status);
    print_state(*status);
  } else if (is_on) {
    draw(*status);
  }
  return is_on;
}

void RunView::draw(const Status& status) {
  const Size size = size_of(fd_);
  // Without line breaks of its own: a character may be wider than is known here.
  std::string frame = back_over(drawn_, size.width) + "\x1b[?7l";
  drawn_.clear();
  for (const std::string& line :
       live_lines(status, clock_.now(), size.width - 1, std::max<size_t>(size.height, 4) - 1)) {
    frame += line + "\x1b[K\n";
    drawn_.push_back(columns_of(line));
  }
  (void)write_all(fd_, frame + "\x1b[J\x1b[?7h");  // a terminal that went away is no reason to end
}

void RunView::clear() {
  if (!drawn_.empty()) (void)write_all(fd_, back_over(drawn_, size_of(fd_).width) + "\x1b[J");
  drawn_.clear();
}

void RunView::print_progress(const Status& status) {
  if (!progress_) {
    // What happened before we came is told by the summary.
    const bool is_late = shown_state_.empty() && status.completed + status.failed > 0;
    auto tail =
        ProgressTail::open(directory_, is_late ? ProgressTail::From::End : ProgressTail::From::Beginning);
    if (!tail) return;
    progress_ = *std::move(tail);
  }
  progress_->read([&](const ProgressLine& line) {
    if (const std::string text = progress_text(line); !text.empty()) (void)write_all(fd_, text + "\n");
  });
}

void RunView::print_state(const Status& status) {
  std::string state(name_of(shown_state(status, clock_.now())));
  if (!status.state_reason.empty()) state += " (" + status.state_reason + ")";
  if (state == shown_state_) return;
  shown_state_ = state;
  (void)write_all(fd_, format_instant(clock_.now()) + " " + status.study + ": " + printable(state) + "\n");
}

int follow(const ChosenRun& chosen) {
  const std::filesystem::path directory = chosen.directory.path();
  SystemClock clock;
  Interrupt interrupt;
  RunView view(directory, STDOUT_FILENO, clock);
  while (view.refresh()) {
    if (!interrupt.wait(kFrame)) continue;
    const char* study = chosen.run.record.study.c_str();
    std::printf("watched no more; the run goes on: `studyctl stop %s` stops it\n", study);
    return kSucceeded;
  }
  view.clear();
  const auto status = read_status(directory / "status.json");
  if (!status) return fail(status.error());
  await_release(chosen);
  return tell_end(*status, chosen.volume);
}

int tell_end(const Status& status, const ResultsVolume& volume) {
  const Instant now = SystemClock().now();
  print_lines(summary_lines(status, now));
  const int code = exit_code_of(shown_state(status, now), status.state_reason);
  if (code == kPilotIsDone)
    if (const auto chosen = choose_run(volume, status.run_id)) print_pilot_end(*chosen, status);
  if (const std::string next = next_step(shown_state(status, now), status.study); !next.empty())
    std::printf("next: %s\n", next.c_str());
  return code;
}

}  // namespace studyctl
