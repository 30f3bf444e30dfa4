#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/describe_text.h"
#include "cli/exit_code.h"
#include "study/selection.h"
#include "study/table.h"

// describe: all that is known of one run or one experiment, for people.
namespace studyctl {
namespace {

constexpr size_t kLabelColumns = 14;

struct DescribeOptions {
  std::string study;
  std::string experiment;
};

Result<Description> description_of(const ChosenRun& chosen, const std::string& name) {
  const Instant now = SystemClock().now();
  if (name.empty()) return describe_run(chosen, now);
  const auto experiment = choose_experiment(chosen, name);
  if (!experiment) return experiment.error();
  return describe_experiment(chosen, *experiment, now);
}

int describe(const Context& context, const DescribeOptions& options) {
  const auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  const auto description = description_of(*chosen, options.experiment);
  if (!description) return fail(description.error());
  print_lines(description->lines());
  return kSucceeded;
}

}  // namespace

void Description::field(const std::string& label, const std::string& value, size_t indent) {
  if (value.empty()) return;
  std::string line = std::string(indent, ' ') + label + ":";
  line.resize(std::max(indent + kLabelColumns, line.size() + 1), ' ');
  lines_.push_back(line + printable(value));
}

void Description::section(const std::string& heading, const std::vector<std::string>& lines, size_t indent) {
  if (lines.empty()) return;
  lines_.push_back(std::string(indent, ' ') + heading + ":");
  for (const std::string& text : lines)
    for (const std::string& line : split(text, '\n'))
      lines_.push_back(std::string(indent + 2, ' ') + printable(line));
}

void add_describe(CLI::App& app, Context& context) {
  DescribeOptions& options = context.keep<DescribeOptions>();
  CLI::App* command =
      app.add_subcommand("describe", "Tell all of a run or of one experiment, also why it waits");
  add_study(*command, options.study);
  add_experiment(*command, options.experiment);
  command->footer(
      "For programs: studyctl get runs|repetitions|attempts -o json, and attempt.json of each attempt.");
  command->final_callback([&] { context.run = [&] { return describe(context, options); }; });
}

}  // namespace studyctl
