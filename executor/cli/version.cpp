#include <cstdio>

#include "cli/context.h"

namespace studyctl {

void add_version(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("version", "Print the version");
  command->final_callback([&context] {
    context.run = [] {
      std::puts("studyctl " STUDYCTL_VERSION);
      return 0;
    };
  });
}

}  // namespace studyctl
