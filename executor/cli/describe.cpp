#include <cstdio>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/describe_text.h"
#include "cli/exit_code.h"

// describe: all that is known of one run or one experiment, for people.
namespace studyctl {
namespace {

struct DescribeOptions {
  std::string study;
  std::string experiment;
};

int describe(const Context& context, const DescribeOptions& options) {
  auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  const Instant now = SystemClock().now();
  Result<Description> description = Error{ErrorCode::Internal, ""};
  if (options.experiment.empty()) {
    description = describe_run(*chosen, now);
  } else {
    auto experiment = choose_experiment(*chosen, options.experiment);
    if (!experiment) return fail(experiment.error());
    description = describe_experiment(*chosen, *experiment, now);
  }
  if (!description) return fail(description.error());
  for (const std::string& line : description->lines()) std::printf("%s\n", line.c_str());
  return kSucceeded;
}

}  // namespace

void add_describe(CLI::App& app, Context& context) {
  DescribeOptions& options = context.keep<DescribeOptions>();
  CLI::App* command =
      app.add_subcommand("describe", "Tell all of a run or of one experiment, also why it waits");
  command->add_option(
      "STUDY", options.study,
      "A study (its newest run), STUDY/RUN or a run's id; may be left out where there is only one");
  command->add_option("EXPERIMENT", options.experiment, "An experiment's id, or its beginning");
  command->footer(
      "For programs: studyctl get runs|repetitions|attempts -o json, and attempt.json of each attempt.");
  command->final_callback([&] { context.run = [&] { return describe(context, options); }; });
}

}  // namespace studyctl
