#include <cstdio>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/plan_json.h"
#include "cli/plan_text.h"
#include "cli/study_options.h"
#include "plan/experiment.h"

// plan and validate: what a manifest asks for, without an engine and before anything starts.
namespace studyctl {
namespace {

struct PlanOptions {
  StudyArguments study;
  std::string count;
  std::string output;
  uint64_t limit = 20;
};

void print(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
}

void warn(const LoadedStudy& study) {
  for (const std::string& warning : study.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
}

void print_names(const LoadedStudy& study) {
  const Identifier identifier(study.study(), study.inputs);
  for (uint64_t index = 0; index < study.plan->size(); ++index)
    std::printf("%s\n", identifier.of(study.plan->at(index)).id.c_str());
}

int show_plan(const PlanOptions& options) {
  auto study = load_study(options.study);
  if (!study) return fail(study.error());
  const LoadedStudy& loaded = **study;
  if (!options.count.empty()) {
    const uint64_t count = options.count == "repetitions" ? loaded.repetitions() : loaded.plan->size();
    std::printf("%llu\n", static_cast<unsigned long long>(count));
    return kSucceeded;
  }
  warn(loaded);
  if (options.output == "name") {
    print_names(loaded);
  } else if (options.output == "yaml") {
    std::printf("%s", to_yaml(loaded.manifest).c_str());
  } else if (options.output == "json") {
    print_plan_json(loaded, stdout);
  } else {
    print(plan_summary(loaded));
    print(plan_table(loaded, {options.limit, options.output == "wide"}));
  }
  return kSucceeded;
}

int validate(const StudyArguments& arguments) {
  auto study = load_study(arguments);
  if (!study) return fail(study.error());
  warn(**study);
  print(plan_summary(**study));
  return kSucceeded;
}

}  // namespace

void add_plan(CLI::App& app, Context& context) {
  PlanOptions& options = context.keep<PlanOptions>();
  CLI::App* command = app.add_subcommand("plan", "Show what would run, without an engine");
  add_study_options(*command, options.study);
  command
      ->add_option("--count", options.count,
                   "Print the number of experiments alone; =repetitions: of repetitions")
      ->expected(0, 1)
      ->default_str("experiments")
      ->check(CLI::IsMember({"experiments", "repetitions"}));
  command
      ->add_option("-o,--output", options.output,
                   "wide, name, json (an experiment a line), yaml (every default visible)")
      ->check(CLI::IsMember({"wide", "name", "json", "yaml"}));
  command->add_option("--limit", options.limit, "Rows of the table; 0 for all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->final_callback([&] { context.run = [&] { return show_plan(options); }; });
}

void add_validate(CLI::App& app, Context& context) {
  StudyArguments& arguments = context.keep<StudyArguments>();
  CLI::App* command = app.add_subcommand("validate", "Check a manifest, without an engine");
  add_study_options(*command, arguments);
  command->final_callback([&] { context.run = [&] { return validate(arguments); }; });
}

}  // namespace studyctl
