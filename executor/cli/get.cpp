#include <algorithm>
#include <map>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/get_repetitions.h"
#include "cli/listing.h"
#include "cli/run_text.h"
#include "cli/status_text.h"
#include "cli/written_json.h"
#include "store/status_file.h"

// get: what there is, as lists.
namespace studyctl {
namespace {

struct GetOptions {
  std::string study;
  Output output = Output::Table;
  Selection selection;
  RepetitionList kind = RepetitionList::Repetitions;
};

struct RunsRead {
  ResultsVolume volume;
  std::vector<RunSummary> runs;  // the newest first
  std::optional<LockHolder> holder;
};

// A volume where nothing was ever run has no runs; that is no error.
Result<RunsRead> read_runs(const Context& context, const std::string& study) {
  auto volume = context.find_volume();
  if (!volume) return std::move(volume).error();
  auto catalog = Catalog::open(volume->database());
  if (!catalog && catalog.error().code == ErrorCode::NotFound)
    return RunsRead{*std::move(volume), {}, std::nullopt};
  if (!catalog) return std::move(catalog).error();
  auto runs = catalog->runs(study);
  if (!runs) return std::move(runs).error();
  const auto holder = volume->holder();
  return RunsRead{*std::move(volume), *std::move(runs), holder};
}

std::string progress_text(const RunSummary& run) {
  return std::to_string(count_done(run)) + "/" + std::to_string(run.total);
}

Written counts_data(const RunSummary& run) {
  Written::Map counts;
  for (size_t i = 0; i < kRepetitionStates; ++i)
    counts.emplace_back(name_of(static_cast<RepetitionState>(i)),
                        Written::number(static_cast<int64_t>(run.counts.at(i))));
  return {std::move(counts)};
}

Written::Map run_data(const RunsRead& read, const RunSummary& run) {
  const RunRecord& record = run.record;
  return {{"run", Written::text(record.directory)},
          {"id", Written::text(record.id)},
          {"study", Written::text(record.study)},
          {"state", Written::text(name_of(shown_state(run, read.holder)))},
          {"message", Written::text(run.message)},
          {"total", Written::number(static_cast<int64_t>(run.total))},
          {"counts", counts_data(run)},
          {"engine", Written::text(record.engine)},
          {"endpoint", Written::text(record.endpoint)},
          {"design_hash", Written::text(record.design_hash)},
          {"created_at", written_instant(record.created_at)},
          {"started_at", written_instant(run.started_at)},
          {"updated_at", written_instant(run.updated_at)},
          {"finished_at", written_instant(run.finished_at)},
          {"path", Written::text((read.volume.root() / record.directory).string())}};
}

ListItem run_item(const RunsRead& read, const RunSummary& run, Instant now) {
  const RunState state = shown_state(run, read.holder);
  ListItem item;
  item.name = run.record.directory;
  item.path = read.volume.root() / run.record.directory;
  item.cells = {
      run.record.directory,
      std::string(name_of(state)),
      progress_text(run),
      std::to_string(count_in(run, RepetitionState::Failed)),
      instant_text(run.started_at),
      took_text(run.started_at, run.finished_at, state == RunState::Interrupted ? run.updated_at : now)};
  item.wide = {run.record.id, run.record.engine, run.record.endpoint, run.message};
  item.data = {run_data(read, run)};
  return item;
}

int get_runs(const Context& context, const GetOptions& options) {
  auto read = read_runs(context, options.study);
  if (!read) return fail(read.error());
  if (read->runs.empty() && !options.study.empty())
    return fail({ErrorCode::NotFound, "there is no study '" + printable(options.study) + "' here"});
  Listing listing(
      stdout, options.output,
      {{"RUN", "STATE", "DONE", "FAILED", "STARTED", "TOOK"}, {"ID", "ENGINE", "ENDPOINT", "MESSAGE"}});
  const Instant now = SystemClock().now();
  for (const RunSummary& run : read->runs) listing.add(run_item(*read, run, now));
  listing.finish("there is no run yet: studyctl apply study.yaml");
  return kSucceeded;
}

ListItem study_item(const RunsRead& read, const RunSummary& newest, uint64_t runs, Instant now) {
  ListItem item;
  item.name = newest.record.study;
  item.path = read.volume.root() / newest.record.study;
  item.cells = {newest.record.study,
                std::to_string(runs),
                std::string(name_of(shown_state(newest, read.holder))),
                progress_text(newest),
                std::to_string(count_in(newest, RepetitionState::Failed)),
                ago_text(newest.updated_at, now)};
  item.wide = {newest.record.directory, counts_text(newest), newest.message};
  item.data = {Written::Map{{"study", Written::text(newest.record.study)},
                            {"runs", Written::number(static_cast<int64_t>(runs))},
                            {"latest", Written{run_data(read, newest)}},
                            {"path", Written::text(item.path.string())}}};
  return item;
}

int get_studies(const Context& context, const GetOptions& options) {
  auto read = read_runs(context, "");
  if (!read) return fail(read.error());
  std::map<std::string, uint64_t> runs;
  for (const RunSummary& run : read->runs) ++runs[run.record.study];
  Listing listing(stdout, options.output,
                  {{"STUDY", "RUNS", "STATE", "DONE", "FAILED", "UPDATED"}, {"LATEST", "COUNTS", "MESSAGE"}});
  const Instant now = SystemClock().now();
  for (const RunSummary& run : read->runs) {
    const auto found = runs.find(run.record.study);
    if (found == runs.end()) continue;
    listing.add(study_item(*read, run, found->second, now));
    runs.erase(found);
  }
  listing.finish("there is no study yet: studyctl apply study.yaml");
  return kSucceeded;
}

int get_status(const Context& context, const GetOptions& options) {
  auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  const std::filesystem::path path = chosen->directory.path() / "status.json";
  auto status = read_status(path);
  if (!status) return fail(status.error());
  const Instant now = SystemClock().now();
  status->state = shown_state(*status, now);
  switch (options.output) {
    case Output::Json:
    case Output::Yaml: print_data(stdout, options.output, written_from_json(to_json(*status))); break;
    case Output::Name: std::printf("%s\n", chosen->run.record.directory.c_str()); break;
    case Output::Path: std::printf("%s\n", path.c_str()); break;
    case Output::Table:
    case Output::Wide: {
      constexpr size_t kWidth = 100, kWidest = 1000, kMostLines = 100;
      const size_t width = options.output == Output::Wide ? kWidest : kWidth;
      for (const std::string& line : live_lines(*status, now, width, kMostLines))
        std::printf("%s\n", line.c_str());
    }
  }
  return kSucceeded;
}

struct Kind {
  const char* name;
  const char* alias;
  const char* about;
  const char* fields;  // of an item as JSON and YAML
};

constexpr const char* kRunFields =
    "run, id, study, state, message, total, counts {by state}, engine, endpoint, design_hash, created_at, "
    "started_at, updated_at, finished_at, path";
constexpr const char* kRepetitionFields =
    "experiment, cycle, state, reason, attempt, fail_count, exit_code, message, parameters {by name}, "
    "started_at, finished_at, duration_seconds, path";

std::string footer(const std::string& fields) {
  return "-o json and -o yaml give {apiVersion, kind: List, items: [...]}; an item has\n" + fields +
         ".\nWhat is not known is null. Times are ISO 8601 in UTC. -o path gives the directory of each.";
}

CLI::App* add(CLI::App& get, GetOptions& options, const Kind& kind) {
  CLI::App* command = get.add_subcommand(kind.name, kind.about);
  command->alias(kind.alias);
  command->footer(footer(kind.fields));
  add_output(*command, options.output);
  return command;
}

void add_study(CLI::App& command, GetOptions& options) {
  command.add_option(
      "STUDY", options.study,
      "A study (its newest run), STUDY/RUN or a run's id; may be left out where there is only one");
}

void add_repetition_list(CLI::App& get, Context& context, const Kind& kind, RepetitionList list) {
  GetOptions& options = context.keep<GetOptions>();
  options.kind = list;
  CLI::App* command = add(get, options, kind);
  add_study(*command, options);
  add_selection(*command, options.selection);
  command->final_callback([&] {
    context.run = [&] {
      return list_repetitions(context, {options.kind, options.study, options.selection, options.output});
    };
  });
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  CLI::App* get = app.add_subcommand("get", "List studies, runs, experiments, repetitions, attempts");
  get->require_subcommand(1);

  GetOptions& studies = context.keep<GetOptions>();
  CLI::App* command =
      add(*get, studies,
          {"studies", "study", "Studies, the newest first", "study, runs (how many), latest (a run), path"});
  command->final_callback([&] { context.run = [&] { return get_studies(context, studies); }; });

  GetOptions& runs = context.keep<GetOptions>();
  command = add(*get, runs, {"runs", "run", "Runs of one study or of all, the newest first", kRunFields});
  command->add_option("STUDY", runs.study, "One study; all when left out");
  command->final_callback([&] { context.run = [&] { return get_runs(context, runs); }; });

  add_repetition_list(
      *get, context,
      {"experiments", "experiment", "Experiments of a run, with where their cycles stand",
       "experiment, index, parameters {by name}, counts {by state}, reasons {by reason}, path"},
      RepetitionList::Experiments);
  add_repetition_list(
      *get, context,
      {"repetitions", "repetition", "Repetitions of a run: an experiment in one cycle", kRepetitionFields},
      RepetitionList::Repetitions);
  get->get_subcommand("repetitions")->alias("jobs")->alias("job");
  add_repetition_list(*get, context,
                      {"attempts", "attempt", "Attempts of a run: one container each",
                       "experiment, cycle, attempt, state, reason, counted, exit_code, message, container, "
                       "image_digest, devices, cpus, metrics {by name}, warnings, started_at, finished_at, "
                       "duration_seconds, path"},
                      RepetitionList::Attempts);

  GetOptions& status = context.keep<GetOptions>();
  command = add(*get, status, {"status", "st", "How a run stands now", "those of status.json"});
  command->footer(
      "-o json and -o yaml give status.json, its state Interrupted where the controller is gone.");
  add_study(*command, status);
  command->final_callback([&] { context.run = [&] { return get_status(context, status); }; });
}

}  // namespace studyctl
