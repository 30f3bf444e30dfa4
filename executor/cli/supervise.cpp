#include <filesystem>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "engine/process/supervisor.h"

// supervise: what the engine `process` starts for a volume; nobody types it.
namespace studyctl {

void add_supervise(CLI::App& app, Context& context) {
  std::filesystem::path& directory = context.keep<std::filesystem::path>();
  CLI::App* command =
      app.add_subcommand("supervise", "Look after the processes of a volume, in the background");
  command->group("");
  command->add_option("directory", directory, "Where it works")->required()->type_name("DIR");
  command->final_callback([&] {
    context.run = [&] {
      const auto begun = supervise(directory);
      return begun ? kSucceeded : fail(begun.error());
    };
  });
}

}  // namespace studyctl
