#include "cli/app.h"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/remote/remote_command.h"
#include "cli/remote/remote_rules.h"
#include "cli/study_options.h"
#include "http/apply_api.h"
#include "http/command_api.h"

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

namespace {

// Not for those whom a service runs commands for: they would read files of its machine, or ask others.
void add_options_of_here(CLI::App& app, Context& context) {
  app.set_config("--config", "", "Options from a file: listen = \"127.0.0.1:8080\" below [serve]");
  app.add_option("--server", context.server_flags.server,
                 "The service to ask instead of results on this machine ($STUDYCTL_SERVER)")
      ->type_name("URL");
  app.add_option("--context", context.server_flags.context,
                 "The same by its name in the config file; see `studyctl config`")
      ->type_name("NAME");
}

}  // namespace

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
  if (!on_behalf()) add_options_of_here(app, context);
  app.fallthrough();
  app.get_formatter()->label("TEXT", "");
  app.get_formatter()->label("REQUIRED", "");
  app.failure_message(refusal);
  app.footer(
      "To begin: studyctl create study NAME > study.yaml; studyctl plan study.yaml; studyctl apply "
      "study.yaml\n"
      "--results and --state-dir go with every command, and --server with all that look at runs. Exit codes: "
      "0 all succeeded, 1 finished with "
      "failures, 2 threshold\n"
      "exceeded or failed by a rule, 3 stopped, cancelled or interrupted, 4 refused before anything started, "
      "5 engine or\n"
      "volume unavailable, 6 conflict, 8 not found, 70 a bug, 124 wait --timeout.");
  for (auto* add :
       {add_apply,    add_plan,   add_render,     add_diff,    add_validate,  add_serve,  add_token,
        add_steering, add_get,    add_describe,   add_logs,    add_watch,     add_wait,   add_results,
        add_report,   add_export, add_delete,     add_prune,   add_notify,    add_create, add_doctor,
        add_explain,  add_config, add_completion, add_version, add_supervise, add_carry})
    add(app, context);
}

namespace {

// By a service elsewhere.
int run_by(const ServiceLink& server, const RemoteRule& rule, const Context& context,
           const std::vector<std::string>& words) {
  RemoteCommand command{without_options(words, {"--server", "--context", "--config"})};
  if (rule.sends_study) {
    const auto study = load_study(*context.study_arguments);
    if (!study) return fail(study.error());
    print_warnings(**study);
    command.study = send_whole_study(**study);
  }
  return context.run_remotely ? context.run_remotely(server, command) : run_there(server, command);
}

// Here, or by the service that is chosen.
int run_chosen(const CLI::App& app, Context& context, const std::vector<std::string>& words) {
  if (const auto caller = on_behalf()) {
    const auto refused = refuse_for(*caller, app);
    return refused ? fail(*refused) : context.run();
  }
  const std::string command = app.get_subcommands().front()->get_name();
  const RemoteRule* rule = remote_rule_of(app);
  const auto unable = refuse_elsewhere(app);
  if (!rule && !unable && command != "apply") {
    const bool is_flagged = !context.server_flags.server.empty() || !context.server_flags.context.empty();
    if (!is_flagged) return context.run();
    return fail({ErrorCode::Invalid, "--server: `" + command + "` works on this machine alone"});
  }
  auto server = chosen_server(context.server_flags);
  if (!server) return fail(server.error());
  if (!*server) return context.run();
  if (unable) return fail(*unable);
  if (rule) return run_by(**server, *rule, context, words);
  context.server = **std::move(server);
  return context.run();
}

// What was printed into a file and is not there whole is no success. Whoever reads from a pipe may leave when
// he has what he wanted.
int with_whole_output(int code) {
  const bool is_whole = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  struct stat output {};
  const bool is_pipe =
      fstat(STDOUT_FILENO, &output) == 0 && (S_ISFIFO(output.st_mode) || S_ISSOCK(output.st_mode));
  if (is_whole || is_pipe || code != kSucceeded) return code;
  return fail({ErrorCode::Unavailable,
               "what was printed could not be written whole; is the disk full? run the command again"});
}

}  // namespace

int run_app(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Runs studies: every experiment in a fresh container, unattended, to complete results."};
  Context context;
  if (const char* directory = std::getenv("STUDYCTL_RESULTS")) context.results = directory;
  add_commands(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? kSucceeded : kRefused; }
  if (!context.run) return kRefused;
  context.server_flags.has_results = app.get_option("--results")->count() > 0;
  return with_whole_output(run_chosen(app, context, {argv + 1, argv + argc}));
}

}  // namespace studyctl
