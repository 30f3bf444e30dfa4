#include "cli/run_view.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "cli/progress_line.h"
#include "cli/status_text.h"
#include "store/status_file.h"

namespace studyctl {
namespace {

struct Size {
  size_t width = 80;
  size_t height = 24;
};

Size size_of(int fd) {
  winsize window{};
  if (ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return {};
  return {window.ws_col, window.ws_row};
}

}  // namespace

RunView::RunView(std::filesystem::path run_directory, int fd, const Clock& clock)
    : directory_(std::move(run_directory)), fd_(fd), terminal_(isatty(fd) == 1), clock_(clock) {}

bool RunView::refresh() {
  const Result<Status> status = read_status(directory_ / "status.json");
  if (!status) return true;  // not there yet
  if (terminal_) {
    draw(*status);
  } else {
    print_progress(*status);
    print_state(*status);
  }
  return liveness_of(*status, clock_.now()) == Liveness::Alive;
}

void RunView::draw(const Status& status) {
  const Size size = size_of(fd_);
  const std::vector<std::string> lines =
      live_lines(status, clock_.now(), size.width - 1, std::max<size_t>(size.height, 4) - 1);
  std::string frame;
  if (drawn_ > 0) frame += "\x1b[" + std::to_string(drawn_) + "A";
  for (const std::string& line : lines) frame += "\r" + line + "\x1b[K\n";
  frame += "\x1b[J";
  drawn_ = lines.size();
  (void)write_all(fd_, frame);  // a terminal that went away is no reason to end
}

void RunView::end() {
  drawn_ = 0;
}

void RunView::print_progress(const Status& status) {
  if (!progress_) {
    progress_ = Fd(open((directory_ / "progress.jsonl").c_str(), O_RDONLY | O_CLOEXEC));
    if (!progress_) return;
    // What happened before we came is told by the summary.
    lseek(progress_.get(), 0,
          shown_state_.empty() && status.completed + status.failed > 0 ? SEEK_END : SEEK_SET);
  }
  char buffer[1 << 16];
  for (ssize_t got = 0; (got = read(progress_.get(), buffer, sizeof buffer)) > 0;) {
    torn_.append(buffer, static_cast<size_t>(got));
    std::string text;
    size_t begin = 0;
    for (size_t end = 0; (end = torn_.find('\n', begin)) != std::string::npos; begin = end + 1)
      if (const std::string line = progress_line(torn_.substr(begin, end - begin)); !line.empty())
        text += line + "\n";
    torn_.erase(0, begin);
    (void)write_all(fd_, text);
  }
}

void RunView::print_state(const Status& status) {
  std::string state(name_of(shown_state(status, clock_.now())));
  if (!status.state_reason.empty()) state += " (" + status.state_reason + ")";
  if (state == shown_state_) return;
  shown_state_ = state;
  (void)write_all(fd_, format_instant(clock_.now()) + " " + status.study + ": " + printable(state) + "\n");
}

}  // namespace studyctl
