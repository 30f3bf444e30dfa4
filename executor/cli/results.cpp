#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/listing.h"
#include "cli/results_text.h"
#include "model/energy.h"
#include "service/extract_results.h"
#include "study/run_text.h"
#include "study/written_json.h"

// results: what the succeeded repetitions came to.
namespace studyctl {
namespace {

struct ResultsOptions {
  std::string study;
  std::string experiment;
  std::string selector;
  ResultsOutput output = ResultsOutput::Table;
  bool rows = false;
  bool usage = false;
  bool clean = false;
  std::vector<std::string> by;
  std::vector<std::string> baseline;
  std::string sort;
  std::string where;
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

Result<ConclusionsQuery> ask(const ResultsOptions& options) {
  ConclusionsQuery asked;
  asked.question.by = options.by;
  asked.sort = options.sort;
  for (const std::string& text : options.baseline) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      return Error{ErrorCode::Invalid, "--baseline " + printable(text) + ": write PARAMETER=VALUE"};
    asked.question.baseline.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  const bool of_groups = !options.by.empty() || !options.baseline.empty() || !options.sort.empty();
  if (options.rows && of_groups)
    return Error{ErrorCode::Invalid, "--rows: a row per repetition has no --by, --baseline or --sort"};
  return asked;
}

// What nobody counted has no column: `whole` is of all experiments.
ListItem usage_item(const Catalog::ExperimentUsage& one, const Catalog::Usage& whole) {
  const Catalog::Usage& usage = one.usage;
  ListItem item;
  item.name = one.experiment;
  const auto hours = [&](const char* heading, const char* key, double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", seconds / 3600);
    item.column(heading, key, written_number(seconds / 3600), text);
  };
  item.column("EXPERIMENT", "experiment", Written::text(one.experiment));
  item.column("ATTEMPTS", "attempts", written_of(one.attempts));
  hours("HOURS", "wall_hours", usage.wall_seconds);
  hours("CORE-HOURS", "core_hours", usage.core_seconds);
  const Written cpu_hours = usage.cpu_seconds ? written_number(*usage.cpu_seconds / 3600) : written_null();
  const Written memory = usage.memory_peak ? written_number(*usage.memory_peak) : written_null();
  if (whole.cpu_seconds) {
    hours("CPU-HOURS", "cpu_hours", usage.cpu_seconds.value_or(0));
    item.column("MEMORY", "memory_peak_bytes", memory,
                usage.memory_peak ? human_bytes(static_cast<int64_t>(*usage.memory_peak)) : "");
  } else {
    item.field("cpu_hours", cpu_hours);
    item.field("memory_peak_bytes", memory);
  }
  hours("GPU-HOURS", "gpu_hours", usage.device_seconds);
  const Written joules = usage.energy_joules ? written_number(*usage.energy_joules) : written_null();
  if (!whole.energy_joules)
    item.field("energy_joules", joules);
  else
    item.column("ENERGY", "energy_joules", joules,
                usage.energy_joules ? energy_text(*usage.energy_joules) : "");
  return item;
}

// What each experiment took, its failed attempts included.
Result<void> print_usage(const ChosenRun& chosen, ResultsOutput output) {
  const Output form = output == ResultsOutput::Json   ? Output::Json
                      : output == ResultsOutput::Yaml ? Output::Yaml
                      : output == ResultsOutput::Name ? Output::Name
                                                      : Output::Table;
  std::vector<Catalog::ExperimentUsage> all;
  Catalog::ExperimentUsage whole{"all", 0, {}};
  auto read = chosen.catalog.usages(chosen.run.record.id, [&](const Catalog::ExperimentUsage& one) {
    all.push_back(one);
    whole.attempts += one.attempts;
    whole.usage += one.usage;
  });
  if (!read) return read;
  if (form == Output::Table && !all.empty()) all.push_back(whole);
  Listing listing(stdout, form);
  for (const Catalog::ExperimentUsage& one : all) listing.add(usage_item(one, whole.usage));
  listing.finish("nothing was started yet");
  return {};
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
  auto where = Selector::parse(options.where);
  if (!where) return fail(std::move(where).error().within("--where"));
  auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  if (options.extract) return extract(*chosen, options);
  if (options.usage) {
    const auto printed = print_usage(*chosen, options.output);
    return printed ? kSucceeded : fail(printed.error());
  }
  auto asked = ask(options);
  if (!asked) return fail(asked.error());
  auto query = query_of(*chosen, *rules, *where);
  if (!query) return fail(query.error());
  query->clean = options.clean;
  auto printed = options.rows ? print_results(*query, options.output, stdout)
                              : print_conclusions(*query, *asked, options.output, stdout);
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
  CLI::App* command =
      app.add_subcommand("results", "Print what was measured: means and their 95 % intervals, by parameters");
  add_study(*command, options.study);
  command->add_option("EXPERIMENT", options.experiment, "An experiment's id, or its beginning");
  command->add_option("-l,--selector", options.selector, "By parameters: molecule=water,charge!=0")
      ->type_name("SELECTOR");
  command
      ->add_option("--by", options.by,
                   "The parameters that make a group; every one that varies when not given")
      ->type_name("NAMES")
      ->delimiter(',');
  command
      ->add_option("--baseline", options.baseline,
                   "Compare with the group at these values, cycle by cycle: backend=pytorch")
      ->type_name("NAME=VALUE")
      ->delimiter(',');
  command
      ->add_option("--where", options.where,
                   "By parameters and by the mean of metrics: 'latency<100,batch>=8,model~*70b*'")
      ->type_name("SELECTOR");
  command
      ->add_option("--sort", options.sort,
                   "By a parameter or a metric's mean; NAME:desc from the greatest on")
      ->type_name("NAME");
  command->add_flag("--rows", options.rows,
                    "A row per repetition, as results.jsonl and results.csv have them");
  command->add_flag("--clean", options.clean,
                    "Leave out what was flagged: throttled, or disturbed by other work on the machine");
  command->add_flag("--usage", options.usage,
                    "What each experiment took: hours, core-hours, GPU-hours, energy");
  add_format(*command, options.output,
             {{"table", ResultsOutput::Table},
              {"wide", ResultsOutput::Wide},
              {"csv", ResultsOutput::Csv},
              {"jsonl", ResultsOutput::JsonLines},
              {"json", ResultsOutput::Json},
              {"yaml", ResultsOutput::Yaml},
              {"md", ResultsOutput::Markdown},
              {"name", ResultsOutput::Name}});
  command->add_flag("--extract", options.extract, "Read metrics again from the kept files; nothing is run");
  command
      ->add_option("-f,--filename", options.file,
                   "With --extract: a manifest with other spec.results.metrics, which the run then has")
      ->type_name("FILE");
  command->footer(
      "Intervals are of 95 %. That of a mean is Student's t over the means of the cycles, from 2 cycles on; "
      "those of\n"
      "medians and ratios are bootstrapped (BCa) over cycles, from 10 on. Where a group has several "
      "experiments, a\n"
      "cycle counts by their mean. BEST marks by the metric's goal: * the best mean, = not told apart from "
      "it.\n"
      "-o csv and jsonl have a row per group and metric: {parameters {by name}, metric, unit, n, cycles, "
      "mean,\n"
      "mean_ci95 [low, high], median, median_ci95, sd, min, max, standing}, with --baseline also pairs, "
      "difference,\n"
      "difference_ci95, ratio, ratio_ci95.");
  command->final_callback([&] { context.run = [&] { return results(context, options); }; });
}

}  // namespace studyctl
