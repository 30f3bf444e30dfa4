#include "cli/explain.h"

#include <cstdio>

#include "cli/commands.h"
#include "cli/context.h"

namespace studyctl {

void add_explain(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("explain", "What a field of a manifest means");
  auto& options = context.keep<ExplainOptions>();
  command->add_option("FIELD", options.field, "Its path, as spec.execution.retry; the whole Study without");
  command->add_flag("--recursive", options.recursive, "The fields in it, all levels deep");
  command->final_callback([&context, &options] {
    context.run = [&options] {
      const auto text = explain(options);
      if (!text) return fail(text.error());
      std::fputs(text->c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace studyctl
