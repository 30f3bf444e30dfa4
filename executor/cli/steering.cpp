#include <cstdio>

#include "base/text.h"
#include "cli/context.h"
#include "cli/control_client.h"
#include "cli/exit_code.h"
#include "cli/run_choice.h"
#include "cli/selection.h"
#include "cli/serve.h"

// Commands that change a run from another terminal: stop, pause, resume, cancel, retry. Where no controller
// is left, those that still make sense start one.
namespace studyctl {
namespace {

struct Steering {
  Command::Kind kind = Command::Kind::Stop;
  std::string study;
  std::string grace;
  Selection selection;
  ServeOptions serve;
};

bool can_start_a_controller(Command::Kind kind) {
  return kind == Command::Kind::Resume || kind == Command::Kind::Cancel || kind == Command::Kind::Retry;
}

Error nobody_drives_it(const ChosenRun& chosen) {
  const std::string& study = chosen.run.record.study;
  if (is_final(chosen.run.state))
    return {ErrorCode::Conflict, study + ": the run has ended: " + std::string(name_of(chosen.run.state))};
  return {ErrorCode::Conflict, study + ": no controller drives it. `studyctl resume " + study +
                                   "` goes on with it, `studyctl cancel " + study + "` ends it"};
}

// Repetitions in `states`; those that Failed when there are none.
uint64_t count_of(const RunSummary& run, const std::vector<RepetitionState>& states) {
  uint64_t count = 0;
  for (const RepetitionState state : states) count += run.counts.at(static_cast<size_t>(state));
  return states.empty() ? run.counts.at(static_cast<size_t>(RepetitionState::Failed)) : count;
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
  if (steering.kind != Command::Kind::Retry) return command;
  auto rules = understand(steering.selection);
  if (!rules) return std::move(rules).error();
  const Selection& selection = steering.selection;
  command.states = rules->filter.states;
  // Those that never started have no row to select by; the controller knows them by their state.
  if (selection.selector.empty() && selection.reasons.empty() && selection.experiment.empty()) {
    if (count_of(chosen.run, command.states) > 0) return command;
    return Error{ErrorCode::NotFound, chosen.run.record.study + ": nothing is there to retry"};
  }
  auto selected = select_repetitions(chosen, selection);
  if (!selected) return std::move(selected).error();
  for (const RepetitionSummary& repetition : *selected) command.repetitions.push_back(repetition.key);
  if (command.repetitions.empty())
    return Error{ErrorCode::NotFound, "no repetition that was started is selected"};
  return command;
}

int steer(const Context& context, const Steering& steering) {
  auto chosen = choose_run(context.find_volume(), steering.study);
  if (!chosen) return fail(chosen.error());
  auto command = command_of(steering, *chosen);
  if (!command) return fail(command.error());
  const std::string& study = chosen->run.record.study;
  if (is_on(*chosen)) {
    auto answer = tell_controller(chosen->volume, *command);
    if (!answer) return fail(std::move(answer).error().within(study));
    std::printf("%s: %s\n", study.c_str(), answer->c_str());
    return kSucceeded;
  }
  const bool useful = can_start_a_controller(steering.kind) &&
                      (steering.kind == Command::Kind::Retry || !is_final(chosen->run.state));
  if (!useful) return fail(nobody_drives_it(*chosen));
  ServeOptions options = steering.serve;
  options.first = *std::move(command);
  return serve_again(*std::move(chosen), options);
}

void add(CLI::App& app, Context& context, const char* name, const char* about, Command::Kind kind) {
  Steering& steering = context.keep<Steering>();
  steering.kind = kind;
  CLI::App* command = app.add_subcommand(name, about);
  command->add_option("STUDY", steering.study, "The study; may be left out where there is only one");
  if (kind == Command::Kind::Cancel)
    command->add_option("--grace", steering.grace,
                        "Between SIGTERM and SIGKILL, instead of the manifest's: 2s");
  if (kind == Command::Kind::Retry) add_selection(*command, steering.selection);
  if (can_start_a_controller(kind)) add_serve_options(*command, steering.serve);
  command->final_callback([&] { context.run = [&] { return steer(context, steering); }; });
}

}  // namespace

void add_steering(CLI::App& app, Context& context) {
  add(app, context, "stop", "Let running ones finish and start no more", Command::Kind::Stop);
  add(app, context, "pause", "The same, but keep the controller", Command::Kind::Pause);
  add(app, context, "resume", "Go on with a paused run", Command::Kind::Resume);
  add(app, context, "cancel", "End all that runs: SIGTERM, grace, SIGKILL", Command::Kind::Cancel);
  add(app, context, "retry", "Run again what failed, or what is selected", Command::Kind::Retry);
}

}  // namespace studyctl
