#include <unistd.h>

#include <thread>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/experiment_choice.h"
#include "cli/log_follower.h"
#include "store/status_file.h"
#include "study/selection.h"

// logs: what attempts said, both streams in the order in which it came.
namespace studyctl {
namespace {

constexpr Duration kPoll{200};
constexpr size_t kTailOfMany = 10;

struct LogsOptions {
  std::string study;
  Selection selection;
  bool follow = false;
  std::optional<uint32_t> cycle, attempt;
  std::optional<size_t> tail;
  std::string since;
  bool timestamps = false;
  bool only_stdout = false;
  bool only_stderr = false;
};

LogStyle style_of(const LogsOptions& options) {
  LogStyle style;
  if (options.only_stdout) style.only = LogStream::Stdout;
  if (options.only_stderr) style.only = LogStream::Stderr;
  style.timestamps = options.timestamps;
  style.for_terminal = isatty(STDOUT_FILENO) == 1;
  return style;
}

Result<LogStart> start_of(const LogsOptions& options) {
  LogStart start;
  start.tail = options.tail;
  if (options.since.empty()) return start;
  const auto since = parse_duration(options.since);
  if (!since) return Error(since.error()).within("--since");
  start.since = SystemClock().now() - *since;
  return start;
}

bool is_driven(const ChosenRun& chosen) {
  const auto status = read_status(chosen.directory.path() / "status.json");
  return status ? liveness_of(*status, SystemClock().now()) == Liveness::Alive : is_on(chosen);
}

// Its directory loses `.partial` once all of its files are home.
bool has_ended(const ChosenRun& chosen, const AttemptPlace& place) {
  const auto path = chosen.directory.locate(place);
  return path && path->extension() != ".partial";
}

int follow_one(const ChosenRun& chosen, const AttemptPlace& place, LogReader reader) {
  while (true) {
    const bool last = has_ended(chosen, place) || !is_driven(chosen);
    reader.pump();
    std::fflush(stdout);
    if (last) break;
    std::this_thread::sleep_for(kPoll);
  }
  reader.finish();
  return kSucceeded;
}

int print_one(const ChosenRun& chosen, const RepetitionSummary& repetition, const LogsOptions& options,
              const LogStart& start) {
  const AttemptPlace place{repetition.experiment, repetition.key.cycle,
                           options.attempt.value_or(repetition.attempt)};
  const auto path = files_of(chosen, place, repetition.source);
  if (!path) return fail(path.error());
  const LogStyle style = style_of(options);
  auto reader = LogReader::open(*path, LogPrinter(stdout, style, ""), style, start);
  if (!reader) return fail(reader.error());
  if (options.follow) return follow_one(chosen, place, *std::move(reader));
  reader->finish();
  return kSucceeded;
}

int follow_all(const ChosenRun& chosen, const LogsOptions& options, const LogStart& start) {
  LogFollower follower(chosen, style_of(options), start);
  if (auto begun = follower.begin(); !begun) return fail(begun.error());
  while (true) {
    const bool last = !is_driven(chosen);
    follower.pump();
    std::fflush(stdout);
    if (last) break;
    std::this_thread::sleep_for(kPoll);
  }
  follower.finish();
  return kSucceeded;
}

// The last attempt of each that is selected, one after another.
int print_many(const ChosenRun& chosen, const LogsOptions& options, LogStart start) {
  auto rules = understand(options.selection);
  if (!rules) return fail(rules.error());
  rules->filter.cycle = options.cycle;
  if (!start.tail && !start.since) start.tail = kTailOfMany;
  const LogStyle style = style_of(options);
  uint64_t printed = 0;
  auto read = visit_started(chosen, *rules, [&](const RepetitionSummary& repetition) {
    const AttemptPlace place{repetition.experiment, repetition.key.cycle,
                             options.attempt.value_or(repetition.attempt)};
    const auto path = files_of(chosen, place, repetition.source);
    if (!path) return true;
    auto reader = LogReader::open(*path, LogPrinter(stdout, style, log_prefix(place)), style, start);
    if (reader) reader->finish();
    if (reader) ++printed;
    return true;
  });
  if (!read) return fail(read.error());
  if (printed == 0) return fail({ErrorCode::NotFound, "nothing that has a log is selected"});
  return kSucceeded;
}

int logs(const Context& context, const LogsOptions& options) {
  auto start = start_of(options);
  if (!start) return fail(start.error());
  auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  if (options.follow && options.selection.has_rules())
    return fail(
        {ErrorCode::Invalid, "-f follows one experiment or all that runs: leave out -l, --state, --reason"});
  if (options.selection.experiment.empty() || options.selection.has_rules())
    return options.follow ? follow_all(*chosen, options, *start) : print_many(*chosen, options, *start);
  auto experiment = choose_experiment(*chosen, options.selection.experiment);
  if (!experiment) return fail(experiment.error());
  auto repetition = repetition_of(*experiment, options.cycle);
  if (!repetition) return fail(repetition.error());
  return print_one(*chosen, *repetition, options, *start);
}

}  // namespace

void add_logs(CLI::App& app, Context& context) {
  LogsOptions& options = context.keep<LogsOptions>();
  CLI::App* command = app.add_subcommand("logs", "Print what attempts said, stdout and stderr in order");
  add_study(*command, options.study);
  add_selection(*command, options.selection);
  command->add_flag("-f,--follow", options.follow,
                    "Go on until it ends; without an experiment: all that runs");
  command->add_option("--cycle", options.cycle, "The cycle; the last one started when not given")
      ->type_name("N");
  command->add_option("--attempt", options.attempt, "The attempt; the last one when not given")
      ->type_name("N");
  command->add_option("--tail", options.tail, "Only the last lines")->type_name("N");
  command->add_option("--since", options.since, "Only what was said in the last: 5m, 2h")
      ->type_name("DURATION");
  command->add_flag("--timestamps", options.timestamps, "Before each line, when it began");
  CLI::Option* only_stdout = command->add_flag("--stdout", options.only_stdout, "This stream alone");
  command->add_flag("--stderr", options.only_stderr, "This stream alone")->excludes(only_stdout);
  command->footer(
      "Without an experiment: the last 10 lines of each that is selected, or with -f all that runs, each "
      "line with\n"
      "its experiment before it. On a terminal control characters are left out; elsewhere the log of one "
      "experiment\n"
      "comes byte for byte.");
  command->final_callback([&] { context.run = [&] { return logs(context, options); }; });
}

}  // namespace studyctl
