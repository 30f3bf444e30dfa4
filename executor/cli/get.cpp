#include <map>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/get_summary.h"
#include "cli/status_text.h"
#include "store/status_file.h"
#include "study/list_items.h"
#include "study/run_text.h"
#include "study/selection.h"
#include "study/written_json.h"

// get: what there is, as lists.
namespace studyctl {
namespace {

struct GetOptions {
  std::string study;
  Output output = Output::Table;
  Selection selection;
};

// ---- studies and runs ----

int get_runs(const Context& context, const GetOptions& options) {
  const auto listed = list_runs(context.find_volume(), options.study);
  if (!listed) return fail(listed.error());
  Listing listing(stdout, options.output);
  const Instant now = SystemClock().now();
  for (const RunSummary& run : listed->runs) listing.add(run_item(*listed, run, now));
  listing.finish("there is no run yet: studyctl apply study.yaml");
  return kSucceeded;
}

int get_studies(const Context& context, const GetOptions& options) {
  const auto listed = list_runs(context.find_volume(), "");
  if (!listed) return fail(listed.error());
  std::map<std::string, uint64_t> runs;
  for (const RunSummary& run : listed->runs) ++runs[run.record.study];
  Listing listing(stdout, options.output);
  const Instant now = SystemClock().now();
  for (const RunSummary& run : listed->runs)
    if (const auto study = runs.extract(run.record.study))
      listing.add(study_item(*listed, run, study.mapped(), now));
  listing.finish("there is no study yet: studyctl apply study.yaml");
  return kSucceeded;
}

// ---- what is in a run ----

using List = Result<void> (*)(const ChosenRun& chosen, const SelectionRules& rules, Listing& listing);

Result<void> list_experiments(const ChosenRun& chosen, const SelectionRules& rules, Listing& listing) {
  ParameterSieve sieve(rules.selector);
  auto read = chosen.catalog.experiments(chosen.run.record.id, rules.filter,
                                         [&](const ExperimentSummary& experiment) {
                                           if (sieve.passes(experiment.parameters))
                                             listing.add(experiment_item(chosen, experiment));
                                           return true;
                                         });
  return read ? sieve.verdict() : read;
}

Result<void> list_repetitions(const ChosenRun& chosen, const SelectionRules& rules, Listing& listing) {
  const Instant now = SystemClock().now();
  return visit_selected(chosen, rules, [&](const RepetitionSummary& repetition) {
    listing.add(repetition_item(chosen, repetition, now));
    return true;
  });
}

Result<void> list_attempts(const ChosenRun& chosen, const SelectionRules& rules, Listing& listing) {
  const Instant now = SystemClock().now();
  Result<void> listed;
  auto read = visit_started(chosen, rules, [&](const RepetitionSummary& repetition) {
    const auto attempts =
        chosen.catalog.attempts(chosen.run.record.id, repetition.experiment, repetition.key.cycle);
    if (!attempts) return listed = attempts.error(), false;
    for (const AttemptSummary& attempt : *attempts)
      listing.add(attempt_item(chosen, repetition.experiment, attempt, now));
    return true;
  });
  return read ? listed : read;
}

// On standard error, for people: those that are no rows of the database.
Result<void> tell_of_the_rest(const ChosenRun& chosen, const SelectionRules& rules) {
  const auto count = count_never_started(chosen, rules);
  if (!count) return count.error();
  if (*count == 0) return {};
  const std::string state(name_of(state_of_never_started(chosen.run)));
  std::fprintf(stderr, "%s never started: %s (studyctl get repetitions %s --state %s lists them)\n",
               counted(*count, "repetition").c_str(), state.c_str(), chosen.run.record.study.c_str(),
               state.c_str());
  return {};
}

int get_list(const Context& context, const GetOptions& options, List list) {
  const auto rules = understand(options.selection);
  if (!rules) return fail(rules.error());
  const auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  Listing listing(stdout, options.output);
  if (auto listed = list(*chosen, *rules, listing); !listed) return fail(listed.error());
  listing.finish("nothing is selected");
  const bool is_for_people = options.output == Output::Table || options.output == Output::Wide;
  if (is_for_people && rules->filter.states.empty() && rules->filter.reasons.empty())
    if (auto told = tell_of_the_rest(*chosen, *rules); !told) return fail(told.error());
  return kSucceeded;
}

int get_status(const Context& context, const GetOptions& options) {
  const auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  const std::filesystem::path path = chosen->directory.path() / "status.json";
  auto status = read_status(path);
  if (!status) return fail(status.error());
  const Instant now = SystemClock().now();
  status->state = shown_state(*status, now);
  switch (options.output) {
    case Output::Json:
    case Output::Yaml: print_data(stdout, options.output, written_from_json(to_json(*status))); break;
    case Output::Name: print_lines({chosen->run.record.directory}); break;
    case Output::Path: print_lines({path.string()}); break;
    case Output::Table: print_lines(live_lines(*status, now, 100, 100)); break;
    case Output::Wide: print_lines(live_lines(*status, now, 1000, 100)); break;
  }
  return kSucceeded;
}

int get_summary(const Context& context, const GetOptions& options) {
  const auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  const auto printed = print_run_summary(*chosen, options.selection.min_fails, options.output);
  return printed ? kSucceeded : fail(printed.error());
}

// ---- the command ----

struct Kind {
  const char* name;
  std::vector<const char*> aliases;
  const char* about;
  const char* fields;  // of an item as JSON and YAML
};

CLI::App* add(CLI::App& get, GetOptions& options, const Kind& kind) {
  CLI::App* command = get.add_subcommand(kind.name, kind.about);
  for (const char* alias : kind.aliases) command->alias(alias);
  command->footer("-o json and -o yaml give {apiVersion, kind: List, items: [...]}; an item has\n" +
                  std::string(kind.fields) +
                  ".\nWhat is not known is null. Times are RFC 3339 in UTC. -o path gives where each lies.");
  add_output(*command, options.output);
  return command;
}

void add_list(CLI::App& get, Context& context, const Kind& kind, List list) {
  GetOptions& options = context.keep<GetOptions>();
  CLI::App* command = add(get, options, kind);
  add_study(*command, options.study);
  add_selection(*command, options.selection);
  command->final_callback([&context, &options, list] {
    context.run = [&context, &options, list] { return get_list(context, options, list); };
  });
}

void add_lists(CLI::App& get, Context& context) {
  add_list(get, context,
           {"experiments",
            {"experiment"},
            "Experiments of a run, with where their cycles stand",
            "experiment, index, parameters {by name}, counts {by state}, reasons {by reason}, fail_count, "
            "path"},
           list_experiments);
  add_list(
      get, context,
      {"repetitions",
       {"repetition", "jobs", "job"},
       "Repetitions of a run: an experiment in one cycle",
       "experiment, cycle, state, reason, attempt, fail_count, exit_code, message, parameters {by name}, "
       "started_at, finished_at, duration_seconds, path"},
      list_repetitions);
  add_list(get, context,
           {"attempts",
            {"attempt"},
            "Attempts of a run: one container each",
            "experiment, cycle, attempt, state, reason, counted, exit_code, message, container, "
            "image_digest, devices, cpus, metrics {by name}, warnings, started_at, finished_at, "
            "duration_seconds, path"},
           list_attempts);
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  CLI::App* get =
      app.add_subcommand("get", "List studies, runs, experiments, repetitions, attempts; sum a run up");
  get->require_subcommand(1);

  GetOptions& studies = context.keep<GetOptions>();
  CLI::App* command = add(*get, studies,
                          {"studies",
                           {"study"},
                           "Studies, the newest first",
                           "study, runs (how many), state, message, total, counts {by state}, updated_at, "
                           "latest (a run), path"});
  command->final_callback([&] { context.run = [&] { return get_studies(context, studies); }; });

  GetOptions& runs = context.keep<GetOptions>();
  command = add(*get, runs,
                {"runs",
                 {"run"},
                 "Runs of one study or of all, the newest first",
                 "run, id, study, state, message, total, counts {by state}, engine, endpoint, design_hash, "
                 "created_at, started_at, updated_at, finished_at, kept, path"});
  command->add_option("STUDY", runs.study, "One study; all when left out");
  command->final_callback([&] { context.run = [&] { return get_runs(context, runs); }; });

  add_lists(*get, context);

  GetOptions& summary = context.keep<GetOptions>();
  command =
      add(*get, summary, {"summary", {}, "Counts by state and reason, what timed out, chronic failures", ""});
  command->footer(
      "-o json and -o yaml give {study, run, state, total, counts [{state, reason, repetitions}], timed_out "
      "{attempts {by\nreason}, repetitions}, min_fails, chronic [{experiment, fail_count, reason, "
      "parameters, "
      "repetitions, message,\npath}]}. -o name and -o path give the chronic experiments alone.");
  add_study(*command, summary.study);
  summary.selection.min_fails = 3;
  command
      ->add_option("--min-fails", summary.selection.min_fails,
                   "Chronic is an experiment with a repetition that failed so often")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->final_callback([&] { context.run = [&] { return get_summary(context, summary); }; });

  GetOptions& status = context.keep<GetOptions>();
  command = add(*get, status, {"status", {"st"}, "How a run stands now", ""});
  command->footer(
      "-o json and -o yaml give status.json, its state Interrupted where the controller is gone.");
  add_study(*command, status.study);
  command->final_callback([&] { context.run = [&] { return get_status(context, status); }; });
}

}  // namespace studyctl
