#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "cli/completion_script.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "model/states.h"
#include "model/study.h"
#include "study/selection.h"

// completion: what a shell needs to complete command lines of studyctl.
namespace studyctl {
namespace {

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

bool takes(const CLI::App& command, const char* what) {
  const auto options = command.get_options();
  return std::any_of(options.begin(), options.end(), [&](const CLI::Option* option) {
    return option->get_positional() && option->get_name(true).find(what) != std::string::npos;
  });
}

// As CLI11 knows them, so that a new command or flag is completed without more ado.
void add_command(const CLI::App& command, const std::string& name, CompletionWords& words) {
  CompletionWords::Command one;
  one.name = name;
  one.about = command.get_description();
  one.flags = flags_of(command);
  one.takes_study = takes(command, "STUDY") || name == "delete study";
  one.takes_file = takes(command, "FILE");
  auto children = command.get_subcommands({});
  std::erase_if(children, [](const CLI::App* child) { return child->get_group().empty(); });
  for (const CLI::App* child : children) one.children.push_back(child->get_name());
  words.commands.push_back(std::move(one));
  for (const CLI::App* child : children)
    add_command(*child, name.empty() ? child->get_name() : name + " " + child->get_name(), words);
}

std::vector<std::string> order_words() {
  std::vector<std::string> words;
  for (const auto& [word, order] : kOrders) words.emplace_back(word);
  return words;
}

int complete(const CLI::App& app, const std::string& shell) {
  CompletionWords words;
  add_command(app, "", words);
  words.values = {{"--state", all_words<RepetitionState, kRepetitionStates>()},
                  {"--reason", all_words<Reason, kReasons>()},
                  {"-o", {"table", "wide", "name", "path", "json", "yaml", "jsonl", "csv"}},
                  {"--for", {"completed", "Running", "Paused", "Stopped"}},
                  {"--order", order_words()},
                  {"--engine", {"auto", "docker", "podman", "process", "slurm"}}};
  words.values["--output"] = words.values["-o"];
  const auto script = completion_script(shell, words);
  if (!script) return fail(script.error());
  std::fwrite(script->data(), 1, script->size(), stdout);
  return kSucceeded;
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
  std::string& shell = context.keep<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a script that makes a shell complete studyctl");
  command->add_option("SHELL", shell, "bash, zsh or fish")->required();
  command->footer("bash: source <(studyctl completion bash)   fish: studyctl completion fish | source");
  command->final_callback([&] { context.run = [&] { return complete(app, shell); }; });
}

}  // namespace studyctl
