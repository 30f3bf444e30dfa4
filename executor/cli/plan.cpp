#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/study_options.h"
#include "plan/experiment.h"
#include "plan/json_text.h"
#include "study/applied_manifest.h"
#include "study/changes.h"
#include "study/plan_text.h"
#include "study/table.h"

// plan and validate: what a manifest asks for, without an engine and before anything starts.
namespace studyctl {
namespace {

struct PlanOptions {
  StudyArguments study;
  std::string count;
  std::string output;
  uint64_t limit = 20;
};

// An experiment a line: as a name, as JSON, or as a row of a table.
void print_experiments(const LoadedStudy& study, const PlanOptions& options) {
  const bool is_table = options.output.empty() || options.output == "wide";
  const bool is_wide = options.output == "wide";
  const uint64_t size = study.plan->size();
  const uint64_t shown = is_table && options.limit > 0 ? std::min(size, options.limit) : size;
  const Identifier identifier(study.study(), study.inputs);
  std::optional<Table> table;
  if (is_wide) table.emplace(stdout, Row{"INDEX", "EXPERIMENT", "IDENTITY", "PARAMETERS"});
  if (is_table && !is_wide) table.emplace(stdout, Row{"INDEX", "EXPERIMENT", "PARAMETERS"});
  for (uint64_t index = 0; index < shown; ++index) {
    const Point point = study.plan->at(index);
    const auto [identity, id] = identifier.of(point);
    if (options.output == "name") {
      std::printf("%s\n", id.c_str());
    } else if (options.output == "json") {
      std::printf("{\"index\":%llu,\"experiment\":%s,\"identity\":%s,\"parameters\":%s}\n",
                  static_cast<unsigned long long>(index), json_string(id).c_str(),
                  json_string(identity).c_str(), canonical_parameters(point).c_str());
    } else {
      Row parameters;
      for (const auto& [name, value] : point.parameters) parameters.push_back(name + "=" + value.text);
      Row cells = {std::to_string(index), id, join(parameters, " ")};
      if (is_wide) cells.insert(cells.begin() + 2, identity);
      table->row(std::move(cells));
    }
  }
  if (table) table->flush();
  if (shown < size)
    std::printf("… and %llu more (--limit 0 shows all)\n", static_cast<unsigned long long>(size - shown));
}

// What apply would change of the newest run; nothing where there is none.
void print_changes(const Context& context, const LoadedStudy& study) {
  const auto chosen = choose_run(context.find_volume(), study.study().name);
  if (!chosen) return;
  const auto manifest = applied_manifest(*chosen);
  const auto changes = manifest ? changes_of(*manifest, chosen->directory.path(), study)
                                : Result<StudyChanges>(manifest.error());
  if (!changes) return;
  std::printf("  since %s: %s\n", chosen->run.record.directory.c_str(),
              changes->none() ? "unchanged" : "`studyctl diff` lists");
  for (const std::string& line : change_lines(*changes)) print_lines({"    " + line});
}

int show_plan(const Context& context, const PlanOptions& options) {
  auto study = load_named_study(options.study);
  if (!study) return fail(study.error());
  const LoadedStudy& loaded = **study;
  if (!options.count.empty()) {
    const uint64_t count = options.count == "repetitions" ? loaded.repetitions() : loaded.plan->size();
    std::printf("%llu\n", static_cast<unsigned long long>(count));
    return kSucceeded;
  }
  print_warnings(loaded);
  if (options.output == "yaml") {
    std::printf("%s", to_yaml(loaded.manifest).c_str());
    return kSucceeded;
  }
  if (options.output.empty() || options.output == "wide") {
    print_lines(plan_summary(loaded, experience_of(loaded, context.find_volume())));
    print_changes(context, loaded);
  }
  print_experiments(loaded, options);
  return kSucceeded;
}

int validate(const StudyArguments& arguments) {
  auto study = load_study(arguments);
  if (!study) return fail(study.error());
  print_warnings(**study);
  print_lines(plan_summary(**study));
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
      ->check(CLI::Range(0, 100'000'000))
      ->capture_default_str();
  command->final_callback([&] {
    context.study_arguments = &options.study;
    context.run = [&] { return show_plan(context, options); };
  });
}

void add_validate(CLI::App& app, Context& context) {
  StudyArguments& arguments = context.keep<StudyArguments>();
  CLI::App* command = app.add_subcommand("validate", "Check a manifest, without an engine");
  add_study_options(*command, arguments);
  command->final_callback([&] { context.run = [&] { return validate(arguments); }; });
}

}  // namespace studyctl
