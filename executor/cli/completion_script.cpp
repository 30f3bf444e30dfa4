#include "cli/completion_script.h"

#include "base/text.h"

namespace studyctl {
namespace {

using Command = CompletionWords::Command;

std::string words_of(const Command& command) {
  std::vector<std::string> words = command.children;
  words.insert(words.end(), command.flags.begin(), command.flags.end());
  return join(words, " ");
}

// A case of bash for each command: its words, and whether studies or files may follow.
std::string cases_of(const CompletionWords& all) {
  std::string text;
  for (const Command& command : all.commands) {
    text += "    '" + command.name + "') words='" + words_of(command) + "'";
    if (command.takes_study) text += "; studies=1";
    if (command.takes_file) text += "; files=1";
    text += " ;;\n";
  }
  return text;
}

std::string values_of(const CompletionWords& all) {
  std::string text;
  for (const auto& [flag, values] : all.values)
    text += "    " + flag + ") COMPREPLY=($(compgen -W '" + join(values, " ") +
            "' -- \"$current\")); return ;;\n";
  return text;
}

std::string known_commands(const CompletionWords& all) {
  std::string text;
  for (const Command& command : all.commands)
    if (!command.name.empty()) text += (text.empty() ? "'" : " | '") + command.name + "'";
  return text;
}

std::string bash_functions(const CompletionWords& all) {
  return "_studyctl() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local command='' candidate word words='' studies='' files='' i\n"
         "  case \"$previous\" in\n" +
         values_of(all) +
         "    --results | --state-dir | --lease-dir | --secret-dir | --config-dir)\n"
         "      COMPREPLY=($(compgen -d -- \"$current\")); return ;;\n"
         "    -f | --filename) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
         "  esac\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    word=\"${COMP_WORDS[i]}\"\n"
         "    candidate=\"${command:+$command }$word\"\n"
         "    case \"$candidate\" in " +
         known_commands(all) +
         ") command=\"$candidate\" ;; esac\n"
         "  done\n"
         "  case \"$command\" in\n" +
         cases_of(all) +
         "  esac\n"
         "  if [[ -n $studies && $current != -* ]]; then\n"
         "    words+=\" $(studyctl get studies -o name 2>/dev/null)\"\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [[ -n $files && $current != -* ]]; then COMPREPLY+=($(compgen -f -- \"$current\")); fi\n"
         "}\n";
}

std::string bash_script(const CompletionWords& all) {
  return "# bash completion of studyctl: source <(studyctl completion bash)\n" + bash_functions(all) +
         "complete -o filenames -F _studyctl studyctl\n";
}

// zsh runs the functions of bash.
std::string zsh_script(const CompletionWords& all) {
  return "#compdef studyctl\n"
         "# zsh completion of studyctl: source <(studyctl completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_functions(all) + "complete -o filenames -F _studyctl studyctl\n";
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("\\'") : std::string(1, c);
  return result + "'";
}

// A flag as `complete` of fish takes it.
std::string fish_flag(const std::string& flag) {
  if (flag.starts_with("--")) return " -l " + flag.substr(2);
  return " -s " + flag.substr(1);
}

// True behind the words of `name`, and where one of its children is still to come.
std::string fish_condition(const Command& command) {
  if (command.name.empty()) return "__fish_use_subcommand";
  std::string condition;
  for (const std::string& word : split(command.name, ' '))
    condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
  return condition;
}

std::string fish_children(const CompletionWords& all, const Command& command) {
  if (command.children.empty()) return "";
  std::string condition = fish_condition(command);
  if (!command.name.empty())
    condition += "; and not __fish_seen_subcommand_from " + join(command.children, " ");
  std::string text;
  for (const std::string& child : command.children) {
    const std::string name = command.name.empty() ? child : command.name + " " + child;
    for (const Command& one : all.commands)
      if (one.name == name)
        text += "complete -c studyctl -n " + quoted(condition) + " -a " + child + " -d " + quoted(one.about) +
                "\n";
  }
  return text;
}

std::string fish_script(const CompletionWords& all) {
  std::string text =
      "# fish completion of studyctl: studyctl completion fish | source\ncomplete -c studyctl -f\n";
  for (const Command& command : all.commands) {
    text += fish_children(all, command);
    const std::string condition = quoted(fish_condition(command));
    for (const std::string& flag : command.flags) {
      text += "complete -c studyctl" + (command.name.empty() ? "" : " -n " + condition) + fish_flag(flag);
      if (const auto values = all.values.find(flag); values != all.values.end())
        text += " -x -a " + quoted(join(values->second, " "));
      text += "\n";
    }
    if (command.takes_study)
      text += "complete -c studyctl -n " + condition + " -a '(studyctl get studies -o name 2>/dev/null)'\n";
    if (command.takes_file) text += "complete -c studyctl -n " + condition + " -F\n";
  }
  return text;
}

}  // namespace

Result<std::string> completion_script(const std::string& shell, const CompletionWords& words) {
  if (shell == "bash") return bash_script(words);
  if (shell == "zsh") return zsh_script(words);
  if (shell == "fish") return fish_script(words);
  return Error{ErrorCode::Invalid, "completion of '" + printable(shell) + "': there is bash, zsh and fish"};
}

}  // namespace studyctl
