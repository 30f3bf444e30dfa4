#include "cli/applied_study.h"

#include <algorithm>

#include "cli/commands.h"
#include "cli/context.h"

namespace studyctl {

Said type(const std::filesystem::path& results, std::vector<std::string> words) {
  CLI::App app;
  Context context;
  context.results = results.string();
  add_commands(app, context);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said;
  try {
    std::reverse(words.begin(), words.end());
    app.parse(words);
    said.code = context.run();
  } catch (const CLI::ParseError& error) { said.code = app.exit(error) == 0 ? 0 : 4; }
  said.out = testing::internal::GetCapturedStdout();
  said.err = testing::internal::GetCapturedStderr();
  return said;
}

}  // namespace studyctl
