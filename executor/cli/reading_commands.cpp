#include "cli/commands.h"

namespace studyctl {

void add_reading_commands(CLI::App& app, Context& context) {
  add_get(app, context);
  add_describe(app, context);
  add_logs(app, context);
  add_watch(app, context);
  add_wait(app, context);
  add_results(app, context);
  add_delete(app, context);
  add_create(app, context);
  add_doctor(app, context);
  add_completion(app, context);
}

}  // namespace studyctl
