#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/run_view.h"

// watch: the live view of a run that another process drives.
namespace studyctl {
namespace {

int watch(const Context& context, const std::string& study) {
  auto chosen = choose_run(context.find_volume(), study);
  return chosen ? follow(*chosen) : fail(chosen.error());
}

}  // namespace

void add_watch(CLI::App& app, Context& context) {
  std::string& study = context.keep<std::string>();
  CLI::App* command = app.add_subcommand("watch", "Show a run live until it ends; Ctrl+C leaves it alone");
  add_study(*command, study);
  command->footer("Ends with the exit code that apply would.");
  command->final_callback([&] { context.run = [&] { return watch(context, study); }; });
}

}  // namespace studyctl
