#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/run_choice.h"
#include "cli/run_view.h"
#include "cli/status_text.h"
#include "store/status_file.h"

// watch: the live view of a run that another process drives.
namespace studyctl {
namespace {

constexpr timespec kFrame = {0, 200'000'000};

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

int watch(const Context& context, const std::string& study) {
  auto chosen = choose_run(context.find_volume(), study);
  if (!chosen) return fail(chosen.error());
  const std::filesystem::path directory = chosen->directory.path();
  SystemClock clock;
  Interrupt interrupt;
  RunView view(directory, STDOUT_FILENO, clock);
  while (view.refresh()) {
    if (!interrupt.wait(kFrame)) continue;
    view.end();
    std::printf("watched no more; the run goes on: studyctl stop %s stops it\n",
                chosen->run.record.study.c_str());
    return kSucceeded;
  }
  view.end();
  const auto status = read_status(directory / "status.json");
  if (!status) return fail(status.error());
  for (const std::string& line : summary_lines(*status, clock.now())) std::printf("%s\n", line.c_str());
  return exit_code_of(shown_state(*status, clock.now()));
}

}  // namespace

void add_watch(CLI::App& app, Context& context) {
  std::string& study = context.keep<std::string>();
  CLI::App* command = app.add_subcommand("watch", "Show a run live until it ends; Ctrl+C leaves it alone");
  command->add_option(
      "STUDY", study,
      "A study (its newest run), STUDY/RUN or a run's id; may be left out where there is only one");
  command->footer("Ends with the exit code that apply would.");
  command->final_callback([&] { context.run = [&] { return watch(context, study); }; });
}

}  // namespace studyctl
