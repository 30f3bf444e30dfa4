#include "cli/app.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"

namespace studyctl {

int fail(const Error& error) {
  std::fprintf(stderr, "studyctl: %s\n", error.message.c_str());
  return exit_code_of(error.code);
}

int run_app(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Runs studies: every experiment in a fresh container, unattended, to complete results."};
  app.name("studyctl");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of all commands");
  Context context;
  if (const char* directory = std::getenv("STUDYCTL_RESULTS")) context.results = directory;
  app.add_option("--results", context.results, "Where results lie ($STUDYCTL_RESULTS)")
      ->capture_default_str();
  app.add_option("--state-dir", context.state_directory, "Where the database lies, if not with the results");
  app.fallthrough();

  add_apply(app, context);
  add_plan(app, context);
  add_validate(app, context);
  add_steering(app, context);
  add_reading_commands(app, context);
  add_version(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? kSucceeded : kRefused; }
  return context.run ? context.run() : kRefused;
}

}  // namespace studyctl
