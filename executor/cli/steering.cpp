#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/applied_manifest.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/control_client.h"
#include "cli/engine_finder.h"
#include "cli/exit_code.h"
#include "cli/run_choice.h"
#include "cli/run_text.h"
#include "cli/selection.h"
#include "cli/serve.h"
#include "control/experiments.h"
#include "store/process_identity.h"
#include "store/sqlite_journal.h"

// Commands that change a run from another terminal: stop, pause, resume, cancel, retry, skip. Where no
// controller is left, those that still make sense start one; skip only records what it decided.
namespace studyctl {
namespace {

struct Steering {
  Command::Kind kind = Command::Kind::Stop;
  std::string study;
  bool has_controller = false;
  std::string grace;
  std::string why;                      // skip
  std::optional<uint32_t> max_retries;  // retry: not what has failed more often
  std::string run_timeout;              // retry: from here on
  Selection selection;
  ServeOptions serve;
};

bool can_start_a_controller(Command::Kind kind) {
  return kind == Command::Kind::Resume || kind == Command::Kind::Cancel || kind == Command::Kind::Retry;
}

// Whether a controller that is started for it has something to do.
bool is_useful(Command::Kind kind, RunState state) {
  if (kind == Command::Kind::Resume) return is_unfinished(state);
  return can_start_a_controller(kind) && (kind == Command::Kind::Retry || !is_final(state));
}

Error nobody_drives_it(const RunSummary& run) {
  const std::string next = next_step(run.state, run.record.study);
  return {ErrorCode::Conflict,
          run.record.study + ": " +
              (is_final(run.state) ? "the run has ended: " + std::string(name_of(run.state))
                                   : "no controller drives it") +
              (next.empty() ? "" : "; " + next)};
}

Result<std::vector<RepetitionKey>> keys_of(const ChosenRun& chosen, const SelectionRules& rules) {
  std::vector<RepetitionKey> keys;
  auto read = visit_selected(chosen, rules, [&](const RepetitionSummary& repetition) {
    keys.push_back(repetition.key);
    return true;
  });
  if (!read) return std::move(read).error();
  return keys;
}

// What retry is about: what is selected, of that what is in the states that are named, else what can be
// tried again at all.
Result<void> select_for_retry(const ChosenRun& chosen, const Steering& steering, Command& command) {
  using enum RepetitionState;
  auto rules = understand(steering.selection);
  if (!rules) return std::move(rules).error();
  command.states = rules->filter.states;
  rules->filter.max_fails = steering.max_retries.value_or(UINT32_MAX);
  const Selection& selection = steering.selection;
  const bool is_by_state = selection.selector.empty() && selection.reasons.empty() &&
                           selection.experiment.empty() && selection.min_fails == 0 && !steering.max_retries;
  if (is_by_state) {
    uint64_t count = 0;
    for (const RepetitionState state : command.states.empty() ? std::vector{Failed} : command.states)
      count += count_in(chosen.run, state);
    if (count > 0) return {};
    return Error{ErrorCode::NotFound, chosen.run.record.study + ": nothing is there to retry"};
  }
  const bool is_all = !selection.has_rules() && selection.experiment.empty();
  if (rules->filter.states.empty())
    rules->filter.states = is_all ? std::vector{Failed} : std::vector{Failed, Infeasible, Cancelled};
  auto keys = keys_of(chosen, *rules);
  if (!keys) return std::move(keys).error();
  command.repetitions = *std::move(keys);
  if (!command.repetitions.empty()) return {};
  return Error{ErrorCode::NotFound,
               chosen.run.record.study + ": nothing that failed or was cancelled is selected"};
}

// Without a controller nothing runs that could be told to end: then only what waits can be spared.
std::vector<RepetitionState> states_to_end(const Steering& steering) {
  using enum RepetitionState;
  if (steering.kind == Command::Kind::Cancel && steering.has_controller) return {Waiting, Starting, Running};
  return {Waiting};
}

// What skip and cancel are about, of that what is in a state that they can end; cancel without a selection is
// about the run.
Result<void> select_for_ending(const ChosenRun& chosen, const Steering& steering, Command& command) {
  if (!steering.selection.has_rules() && steering.selection.experiment.empty()) {
    if (command.kind == Command::Kind::Cancel) return {};
    return Error{ErrorCode::Invalid, "say what to skip: an experiment, -l, --state, --reason or --min-fails"};
  }
  auto rules = understand(steering.selection);
  if (!rules) return std::move(rules).error();
  std::vector<RepetitionState> states = states_to_end(steering);
  const bool takes_running = states.size() > 1;
  std::erase_if(states, [&](RepetitionState state) { return !rules->wants(state); });
  rules->filter.states = std::move(states);
  if (!rules->filter.states.empty()) {
    auto keys = keys_of(chosen, *rules);
    if (!keys) return std::move(keys).error();
    command.repetitions = *std::move(keys);
  }
  if (!command.repetitions.empty()) return {};
  return Error{ErrorCode::NotFound, chosen.run.record.study + ": nothing that " +
                                        (takes_running ? "runs or waits" : "waits") + " is selected"};
}

Result<Command> command_of(const Steering& steering, const ChosenRun& chosen) {
  Command command;
  command.kind = steering.kind;
  command.who = who_am_i();
  if (!steering.grace.empty()) {
    auto grace = parse_duration(steering.grace);
    if (!grace) return std::move(grace).error().within("--grace");
    command.grace = *grace;
  }
  command.why = steering.why;
  Result<void> selected;
  if (steering.kind == Command::Kind::Retry) selected = select_for_retry(chosen, steering, command);
  if (steering.kind == Command::Kind::Skip || steering.kind == Command::Kind::Cancel)
    selected = select_for_ending(chosen, steering, command);
  if (!selected) return std::move(selected).error();
  return command;
}

// In parts that the controller takes at once.
Result<void> tell_in_parts(const ChosenRun& chosen, const Command& command) {
  constexpr size_t kPart = 20'000;
  const std::string& study = chosen.run.record.study;
  size_t told = 0;
  do {
    Command part = command;
    const auto first = command.repetitions.begin() + static_cast<std::ptrdiff_t>(told);
    const size_t count = std::min(kPart, command.repetitions.size() - told);
    part.repetitions.assign(first, first + static_cast<std::ptrdiff_t>(count));
    told += count;
    auto answer = tell_controller(chosen.volume, part);
    if (!answer) return std::move(answer).error().within(study);
    std::printf("%s: %s\n", study.c_str(), answer->c_str());
  } while (told < command.repetitions.size());
  return {};
}

// Where nobody drives the run, what was decided of its waiting repetitions is recorded, and nothing is
// started.
Result<void> record_skips(const ChosenRun& chosen, const Command& command) {
  const auto lock = chosen.volume.lock(
      {getpid(), this_process().host, chosen.run.record.study, chosen.run.record.id, SystemClock().now()});
  if (!lock) return lock.error();
  auto manifest = applied_manifest(chosen);
  if (!manifest) return std::move(manifest).error();
  auto study = load_applied(manifest->manifest, manifest->inputs, chosen.directory.path());
  if (!study) return std::move(study).error();
  Experiments experiments((*study)->design());
  auto journal = SqliteJournal::open(chosen.volume.database(), chosen.run.record.id,
                                     [&](const RepetitionKey& key) { return experiments.facts(key); });
  if (!journal) return std::move(journal).error();
  uint64_t seq = journal->last_seq();
  const Instant now = SystemClock().now();
  journal->append({++seq, now, {}, CommandAccepted{command.who, text_of(command)}});
  for (const RepetitionKey& key : command.repetitions)
    journal->append({++seq, now, {}, RepetitionSkipped{key, command.who, command.why}});
  if (auto committed = journal->commit(); !committed) return committed;
  std::printf("%s: %zu will not run\n", chosen.run.record.study.c_str(), command.repetitions.size());
  return {};
}

// The study of a run with the timeout that retry gave it; null where it gave none.
Result<std::unique_ptr<LoadedStudy>> retimed(const ChosenRun& chosen, Steering& steering) {
  if (steering.run_timeout.empty()) return std::unique_ptr<LoadedStudy>();
  auto manifest = applied_manifest(chosen);
  if (!manifest) return std::move(manifest).error();
  steering.serve.flags = manifest->flags;
  steering.serve.flags.push_back("--run-timeout=" + steering.run_timeout);
  Overrides overrides;
  overrides.settings.push_back({"--run-timeout", "execution.timeouts.run", steering.run_timeout});
  return load_applied(manifest->manifest, manifest->inputs, chosen.directory.path(), overrides);
}

// `studyctl skip experiments nmr -l …`: the word may stand before the study, as it does behind get.
void take_kind_word(Steering& steering) {
  for (const char* word : {"experiments", "experiment", "repetitions", "repetition"})
    if (steering.study == word) steering.study = std::exchange(steering.selection.experiment, "");
}

int steer(const Context& context, Steering& steering) {
  take_kind_word(steering);
  auto chosen = choose_run(context.find_volume(), steering.study);
  if (!chosen) return fail(chosen.error());
  steering.has_controller = is_on(*chosen);
  auto command = command_of(steering, *chosen);
  if (!command) return fail(command.error());
  auto study = retimed(*chosen, steering);
  if (!study) return fail(study.error());
  if (steering.has_controller) {
    if (*study)
      if (auto told = hand_over(*chosen, **study, steering.serve); !told) return fail(told.error());
    const auto told = tell_in_parts(*chosen, *command);
    return told ? kSucceeded : fail(told.error());
  }
  const bool is_of_some = steering.kind == Command::Kind::Cancel && !command->repetitions.empty();
  if (steering.kind == Command::Kind::Skip || is_of_some) {
    const auto recorded = record_skips(*chosen, *command);
    return recorded ? kSucceeded : fail(recorded.error());
  }
  if (!is_useful(steering.kind, chosen->run.state)) return fail(nobody_drives_it(chosen->run));
  ServeOptions options = steering.serve;
  options.first = *std::move(command);
  if (*study)
    return serve(*std::move(study), std::move(chosen->volume), std::move(chosen->run), std::move(options));
  return serve_again(*std::move(chosen), options);
}

void add(CLI::App& app, Context& context, const char* name, const char* about, Command::Kind kind) {
  Steering& steering = context.keep<Steering>();
  steering.kind = kind;
  CLI::App* command = app.add_subcommand(name, about);
  add_study(*command, steering.study);
  if (kind == Command::Kind::Cancel)
    command
        ->add_option("--grace", steering.grace, "Between SIGTERM and SIGKILL, instead of the manifest's: 2s")
        ->type_name("DURATION");
  if (kind == Command::Kind::Retry || kind == Command::Kind::Skip || kind == Command::Kind::Cancel)
    add_selection(*command, steering.selection);
  if (kind == Command::Kind::Skip)
    command->add_option("--why", steering.why, "For the record, and for whoever reads it")->type_name("TEXT");
  if (kind == Command::Kind::Retry) {
    command
        ->add_option("--max-retries", steering.max_retries, "Leave out what has failed more often than that")
        ->type_name("N");
    command->add_option("--run-timeout", steering.run_timeout, "spec.execution.timeouts.run from here on")
        ->type_name("DURATION");
  }
  if (can_start_a_controller(kind)) add_serve_options(*command, steering.serve);
  command->final_callback([&] { context.run = [&] { return steer(context, steering); }; });
}

}  // namespace

void add_steering(CLI::App& app, Context& context) {
  add(app, context, "stop", "Let running ones finish and start no more", Command::Kind::Stop);
  add(app, context, "pause", "The same, but keep the controller", Command::Kind::Pause);
  add(app, context, "resume", "Go on with a run that is paused, stopped or interrupted",
      Command::Kind::Resume);
  add(app, context, "cancel", "End all that runs, or what is selected: SIGTERM, grace, SIGKILL",
      Command::Kind::Cancel);
  add(app, context, "skip", "Do not run what is selected and waits", Command::Kind::Skip);
  add(app, context, "retry", "Run again what failed, or what is selected", Command::Kind::Retry);
}

}  // namespace studyctl
