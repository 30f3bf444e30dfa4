#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/command.h"
#include "study/selection.h"

namespace studyctl {

// A command as somebody asks for it, before it is known which repetitions it is about.
struct AskedCommand {
  Command::Kind kind = Command::Kind::Stop;
  std::string who;
  std::string grace;                    // "2s"; empty: the manifest's
  std::string why;                      // Skip
  std::optional<uint32_t> max_retries;  // Retry: not what has failed more often
  Selection selection;
  bool is_driven = false;  // a controller is there for the run
};

// Invalid: what is asked for is not understood. NotFound: nothing that it could be about is selected.
Result<Command> command_for(const ChosenRun& chosen, const AskedCommand& asked);

}  // namespace studyctl
