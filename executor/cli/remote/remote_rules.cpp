#include "cli/remote/remote_rules.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr Caller::Role kOperator = Caller::Role::Operator;

const std::vector<RemoteRule>& rules() {
  static const std::vector<RemoteRule> rules = {
      {"get"},
      {"describe"},
      {"logs"},
      {"watch"},
      {"wait"},
      {"results", Caller::Role::Viewer, {"--extract"}, {"--filename"}},
      {"report", Caller::Role::Viewer, {}, {"--output"}},
      {"notify", Caller::Role::Viewer, {"--test", "--send"}, {"--secret-dir"}},
      {"plan", Caller::Role::Viewer, {}, {}, true},
      {"diff", Caller::Role::Viewer, {}, {}, true},
      {"stop", kOperator},
      {"pause", kOperator},
      {"resume", kOperator},
      {"cancel", kOperator},
      {"skip", kOperator},
      {"retry", kOperator},
      {"delete", kOperator},
      {"prune", kOperator},
      {"keep", kOperator},
      {"unkeep", kOperator},
  };
  return rules;
}

const CLI::App* chosen(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? nullptr : commands.front();
}

bool is_given(const CLI::App& command, const char* option) {
  const CLI::Option* found = command.get_option_no_throw(option);
  return found && found->count() > 0;
}

}  // namespace

const RemoteRule* remote_rule_of(const CLI::App& app) {
  const CLI::App* command = chosen(app);
  for (const RemoteRule& rule : rules())
    if (command && command->get_name() == rule.command) return &rule;
  return nullptr;
}

std::optional<Error> refuse_elsewhere(const CLI::App& app) {
  const CLI::App* command = chosen(app);
  if (!command || command->get_name() != "export") return std::nullopt;
  return Error{
      ErrorCode::Invalid,
      "export copies files of a results directory: run it where that lies, or name one by --results"};
}

std::optional<Error> refuse_for(const Caller& caller, const CLI::App& app) {
  const CLI::App* command = chosen(app);
  const RemoteRule* rule = remote_rule_of(app);
  if (!rule)
    return Error{ErrorCode::Invalid,
                 (command ? command->get_name() : "this") + ": is no command for a service"};
  bool needs_operator = rule->role == kOperator;
  for (const char* option : rule->operator_options)
    needs_operator = needs_operator || is_given(*command, option);
  if (needs_operator && caller.role != kOperator)
    return Error{ErrorCode::Invalid, printable(caller.name) + " may look, and change nothing: `" +
                                         command->get_name() + "` takes an operator's token"};
  for (const char* option : rule->local_options)
    if (is_given(*command, option) && command->get_option(option)->results() != std::vector<std::string>{"-"})
      return Error{ErrorCode::Invalid,
                   std::string(option) + ": names a file on your machine, not the service's"};
  return std::nullopt;
}

std::vector<std::string> without_options(const std::vector<std::string>& words,
                                         const std::vector<std::string>& options) {
  std::vector<std::string> kept;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      kept.insert(kept.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    const auto is_option = [&](const std::string& option) {
      return word == option || word.starts_with(option + "=") ||
             (option.size() == 2 && word.size() > 2 && word.starts_with(option));  // -oFILE
    };
    const auto found = std::find_if(options.begin(), options.end(), is_option);
    if (found == options.end())
      kept.push_back(word);
    else if (word == *found)
      ++i;  // its value
  }
  return kept;
}

}  // namespace studyctl
