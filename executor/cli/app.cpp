#include "cli/app.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"

namespace studyctl {
namespace {

constexpr const char* kVersion = "studyctl " STUDYCTL_VERSION;

void add_version(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("version", "Print the version");
  command->final_callback([&] {
    context.run = [] {
      std::puts(kVersion);
      return 0;
    };
  });
}

// "studyctl get" of "studyctl get bogus"
std::string words_of(const CLI::App* command) {
  const CLI::App* parent = command->get_parent();
  return (parent ? words_of(parent) + " " : std::string()) + command->get_name();
}

std::string unknown_command(const CLI::App& command, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* child : command.get_subcommands({})) names.push_back(child->get_name());
  const auto near = nearest(word, names);
  return "there is no command '" + printable(word) + "'; " +
         (near ? "did you mean " + *near + "?" : "there is: " + join(names, ", "));
}

std::string missing_option(const CLI::App& command, const CLI::Error& error) {
  for (const CLI::Option* option : command.get_options())
    if (option->get_required() && option->count() == 0 && option->get_positional())
      return option->get_name(true) + " is missing: " + option->get_description();
  return error.what();
}

}  // namespace

int fail(const Error& error) {
  std::fprintf(stderr, "studyctl: %s\n", error.message.c_str());
  return exit_code_of(error.code);
}

std::string refusal(const CLI::App* app, const CLI::Error& error) {
  const CLI::App* command = app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().back();
  const bool wants_command = command->get_require_subcommand_min() > 0;
  const std::vector<std::string> rest = app->remaining(true);
  if (wants_command && rest.empty()) return command->help();
  std::string text = error.what();
  if (wants_command) {
    text = unknown_command(*command, rest.front());
  } else if (error.get_name() == "RequiredError") {
    text = missing_option(*command, error);
  }
  return "studyctl: " + text + "\n`" + words_of(command) + " --help` says more\n";
}

void add_commands(CLI::App& app, Context& context) {
  app.name("studyctl");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of all commands");
  app.set_version_flag("--version", kVersion);
  app.add_option("--results", context.results, "Where results lie ($STUDYCTL_RESULTS)")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--state-dir", context.state_directory, "Where the database lies, if not with the results")
      ->type_name("DIR");
  app.fallthrough();
  app.get_formatter()->label("TEXT", "");
  app.get_formatter()->label("REQUIRED", "");
  app.failure_message(refusal);
  app.footer(
      "To begin: studyctl create study NAME > study.yaml; studyctl plan study.yaml; studyctl apply "
      "study.yaml\n"
      "--results and --state-dir go with every command. Exit codes: 0 all succeeded, 1 finished with "
      "failures, 2 threshold\n"
      "exceeded or failed by a rule, 3 stopped, cancelled or interrupted, 4 refused before anything started, "
      "5 engine or\n"
      "volume unavailable, 6 conflict, 8 not found, 70 a bug, 124 wait --timeout.");
  for (auto* add : {add_apply, add_plan, add_diff, add_validate, add_steering, add_get, add_describe,
                    add_logs, add_watch, add_wait, add_results, add_report, add_export, add_delete,
                    add_create, add_doctor, add_explain, add_completion, add_version})
    add(app, context);
}

int run_app(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Runs studies: every experiment in a fresh container, unattended, to complete results."};
  Context context;
  if (const char* directory = std::getenv("STUDYCTL_RESULTS")) context.results = directory;
  add_commands(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? kSucceeded : kRefused; }
  return context.run ? context.run() : static_cast<int>(kRefused);
}

}  // namespace studyctl
