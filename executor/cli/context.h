#pragma once

#include <CLI/CLI.hpp>
#include <any>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/remote/remote_command.h"
#include "cli/remote/server_choice.h"
#include "store/volume.h"
#include "study/study_source.h"

namespace studyctl {

// What all commands share: the options before the command's name, and the command that was chosen. A command
// is one file with one add_…() that declares its options and sets `run`.
struct Context {
  std::string results = "results";
  std::string state_directory;
  ServerFlags server_flags;
  std::optional<ServiceLink> server;                // chosen instead of `results`; for apply
  const StudyArguments* study_arguments = nullptr;  // of a command that a service runs with its study
  std::function<int()> run;                         // → exit code
  // What a command does with what a service says, where that is not only to be printed.
  std::function<int(const ServiceLink& server, RemoteCommand command)> run_remotely;
  std::deque<std::any> kept;

  // A command's options, which CLI11 fills while it parses: made here, they live as long as the context.
  template <class Options>
  Options& keep() {
    return *std::any_cast<Options>(&kept.emplace_back(Options{}));
  }

  // The volume, when something was ever applied there.
  Result<ResultsVolume> find_volume() const { return ResultsVolume::find(results, state_directory); }
};

// "studyctl: <message>" on standard error; the exit code that goes with it.
int fail(const Error& error);

}  // namespace studyctl
