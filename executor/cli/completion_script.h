#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace studyctl {

// What may be typed behind "studyctl", as a shell completes it.
struct CompletionWords {
  struct Command {
    std::string name;  // "apply", "get runs"
    std::string about;
    std::vector<std::string> flags;     // "--results", "-o"
    std::vector<std::string> children;  // names of commands below it
    bool takes_study = false;           // a study's name, which studyctl is asked for
    bool takes_file = false;
  };
  std::vector<Command> commands;                           // the first is studyctl itself, its name is empty
  std::map<std::string, std::vector<std::string>> values;  // of flags: "--state" → Failed …
};

// "bash", "zsh" or "fish". Invalid: another shell.
Result<std::string> completion_script(const std::string& shell, const CompletionWords& words);

}  // namespace studyctl
