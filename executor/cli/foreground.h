#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "control/command.h"
#include "service/drive_options.h"
#include "store/volume.h"
#include "study/run_choice.h"
#include "study/study_source.h"

namespace studyctl {

// How a run is driven by the process that a user has started for it, by apply and by the commands that go on
// with a run.
struct ForegroundOptions {
  DriveOptions drive;
  std::string listen;  // --listen: where the run may be looked at
  bool detach = false;
  std::optional<Command> first;  // given to the controller before its first turn
};

// Invalid: something is asked of a run that a service drives that is only for one that is driven here.
Result<void> none_for_a_service(const ForegroundOptions& options);

// How files come to a cluster that does not see the results; serve has them too.
void add_carry_options(CLI::App& command, CarryFlags& carry);
void add_foreground_options(CLI::App& command, ForegroundOptions& options);

// Drives a run of `study` in this process until it ends, shows it, and returns the exit code. `again`: the
// unfinished run that is gone on with; without it a new run begins. The volume must not be held by anybody.
int run_here(std::unique_ptr<LoadedStudy> study, ResultsVolume volume, std::optional<RunSummary> again,
             ForegroundOptions options);

// Goes on with a run as it was applied.
int go_on_here(ChosenRun chosen, ForegroundOptions options);

}  // namespace studyctl
