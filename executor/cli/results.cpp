#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/extract_results.h"
#include "cli/listing.h"
#include "cli/results_text.h"
#include "cli/run_text.h"

// results: what the succeeded repetitions came to.
namespace studyctl {
namespace {

struct ResultsOptions {
  std::string study;
  std::string experiment;
  std::string selector;
  ResultsOutput output = ResultsOutput::Table;
  bool summary = false;
  std::vector<std::string> group_by;
  bool extract = false;
  std::string file;
};

int extract(const ChosenRun& chosen, const ResultsOptions& options) {
  const auto report = extract_results(chosen, options.file);
  if (!report) return fail(report.error());
  for (const std::string& warning : report->warnings)
    std::fprintf(stderr, "warning: %s\n", printable(warning).c_str());
  std::printf("%s: read %s again from %s\n", chosen.run.record.directory.c_str(),
              counted(report->values, "value").c_str(), counted(report->attempts, "attempt").c_str());
  return kSucceeded;
}

int results(const Context& context, const ResultsOptions& options) {
  if (!options.extract && !options.file.empty())
    return fail(
        {ErrorCode::Invalid, "-f goes with --extract: it says by which rules metrics are read again"});
  Selection selection;
  selection.selector = options.selector;
  selection.experiment = options.experiment;
  auto rules = understand(selection);
  if (!rules) return fail(rules.error());
  auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  if (options.extract) return extract(*chosen, options);
  const ResultsQuery query{*chosen, *rules};
  const bool summary = options.summary || !options.group_by.empty();
  auto printed = summary ? print_results_summary(query, options.group_by, options.output, stdout)
                         : print_results(query, options.output, stdout);
  if (!printed) return fail(printed.error());
  std::fflush(stdout);
  const bool for_people = options.output == ResultsOutput::Table || options.output == ResultsOutput::Wide;
  const uint64_t succeeded = count_in(chosen->run, RepetitionState::Succeeded);
  if (for_people && succeeded < chosen->run.total)
    std::fprintf(stderr, "%s of %s have a result\n", std::to_string(succeeded).c_str(),
                 counted(chosen->run.total, "repetition").c_str());
  return kSucceeded;
}

}  // namespace

void add_results(CLI::App& app, Context& context) {
  ResultsOptions& options = context.keep<ResultsOptions>();
  CLI::App* command = app.add_subcommand("results", "Print metrics, a row per succeeded repetition");
  add_study(*command, options.study);
  command->add_option("EXPERIMENT", options.experiment, "An experiment's id, or its beginning");
  command->add_option("-l,--selector", options.selector, "By parameters: molecule=water,charge!=0")
      ->type_name("SELECTOR");
  add_format(*command, options.output,
             {{"table", ResultsOutput::Table},
              {"wide", ResultsOutput::Wide},
              {"csv", ResultsOutput::Csv},
              {"json", ResultsOutput::Json},
              {"jsonl", ResultsOutput::JsonLines},
              {"yaml", ResultsOutput::Yaml},
              {"name", ResultsOutput::Name}});
  command->add_flag("--summary", options.summary, "Statistics over cycles: n, mean, median, min, max");
  command
      ->add_option("--group-by", options.group_by,
                   "Of a summary: the parameters that make a group; all when not given")
      ->type_name("NAMES")
      ->delimiter(',');
  command->add_flag("--extract", options.extract, "Read metrics again from the kept files; nothing is run");
  command
      ->add_option("-f,--filename", options.file,
                   "With --extract: a manifest with other spec.results.metrics, which the run then has")
      ->type_name("FILE");
  command->footer(
      "-o jsonl gives the rows of results.jsonl: {experiment, cycle, attempt, parameters {by name}, metrics "
      "{by name},\n"
      "started_at, finished_at, duration_seconds, image_digest, devices, warnings}; -o json and -o yaml give "
      "them as\n"
      "{apiVersion, kind: List, items: [...]}. With --summary an item is {parameters {by name}, "
      "repetitions,\n"
      "metrics {by name: {unit, n, mean, median, min, max}}}.");
  command->final_callback([&] { context.run = [&] { return results(context, options); }; });
}

}  // namespace studyctl
