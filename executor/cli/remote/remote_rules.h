#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/server.h"

namespace studyctl {

// A command that is run by a service elsewhere where one is chosen; the others work on this machine.
struct RemoteRule {
  const char* command;
  Caller::Role role = Caller::Role::Viewer;        // who may have it run
  std::vector<const char*> operator_options = {};  // these take an operator
  std::vector<const char*> local_options = {};     // these name files here, and are not sent
  bool sends_study = false;                        // the manifest that it names goes along
};
// Null for commands that work here.
const RemoteRule* remote_rule_of(const CLI::App& app);

// Commands that can work on results of this machine alone say so instead: the reason; nothing for others.
std::optional<Error> refuse_elsewhere(const CLI::App& app);

// On the side of the service: why this process may not run for `caller` what was parsed.
std::optional<Error> refuse_for(const Caller& caller, const CLI::App& app);

// The words of a command line without these options and their values: "--server", "-o".
std::vector<std::string> without_options(const std::vector<std::string>& words,
                                         const std::vector<std::string>& options);

}  // namespace studyctl
