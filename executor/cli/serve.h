#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cli/reuse.h"
#include "cli/run_choice.h"
#include "cli/study_source.h"
#include "control/command.h"
#include "store/volume.h"

namespace studyctl {

// How a controller is started, by apply and by the commands that go on with a run.
struct ServeOptions {
  std::string engine;           // --engine: docker, podman, or an address
  std::string lease_directory;  // --lease-dir
  std::string gpus;             // --gpus: instead of what the machine says
  std::optional<uint64_t> at_most;
  std::vector<std::string> secret_directories;
  std::vector<std::string> flags;  // that won over the manifest, as typed, for the record
  std::string listen;              // --listen: where the run may be looked at
  bool detach = false;
  Reuse reuse = Reuse::SameHost;
  bool accept_image_change = false;
  bool no_pilot_pause = false;
  std::optional<Command> first;  // given to the controller before its first turn
};

void add_serve_options(CLI::App& command, ServeOptions& options);

// Drives a run of `study` in this process until it ends, shows it, and returns the exit code. `again`: the
// unfinished run that is gone on with; without it a new run begins. The volume must not be held by anybody.
int serve(std::unique_ptr<LoadedStudy> study, ResultsVolume volume, std::optional<RunSummary> again,
          ServeOptions options);

// Goes on with a run as it was applied.
int serve_again(ChosenRun chosen, ServeOptions options);

}  // namespace studyctl
