#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/control_client.h"
#include "cli/exit_code.h"
#include "cli/run_choice.h"
#include "cli/run_text.h"
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

// What retry is about: what is selected, of that what is in the states that are named, else what can be
// tried again at all.
Result<void> select_for_retry(const ChosenRun& chosen, const Selection& selection, Command& command) {
  using enum RepetitionState;
  auto rules = understand(selection);
  if (!rules) return std::move(rules).error();
  command.states = rules->filter.states;
  const bool is_by_state =
      selection.selector.empty() && selection.reasons.empty() && selection.experiment.empty();
  if (is_by_state) {
    uint64_t count = 0;
    for (const RepetitionState state : command.states.empty() ? std::vector{Failed} : command.states)
      count += count_in(chosen.run, state);
    if (count > 0) return {};
    return Error{ErrorCode::NotFound, chosen.run.record.study + ": nothing is there to retry"};
  }
  if (rules->filter.states.empty()) rules->filter.states = {Failed, Infeasible, Cancelled};
  auto read = visit_selected(chosen, *rules, [&](const RepetitionSummary& repetition) {
    command.repetitions.push_back(repetition.key);
    return true;
  });
  if (!read || !command.repetitions.empty()) return read;
  return Error{ErrorCode::NotFound,
               chosen.run.record.study + ": nothing that failed or was cancelled is selected"};
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
  if (steering.kind == Command::Kind::Retry)
    if (auto selected = select_for_retry(chosen, steering.selection, command); !selected)
      return std::move(selected).error();
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
  if (!is_useful(steering.kind, chosen->run.state)) return fail(nobody_drives_it(chosen->run));
  ServeOptions options = steering.serve;
  options.first = *std::move(command);
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
  if (kind == Command::Kind::Retry) add_selection(*command, steering.selection);
  if (can_start_a_controller(kind)) add_serve_options(*command, steering.serve);
  command->final_callback([&] { context.run = [&] { return steer(context, steering); }; });
}

}  // namespace

void add_steering(CLI::App& app, Context& context) {
  add(app, context, "stop", "Let running ones finish and start no more", Command::Kind::Stop);
  add(app, context, "pause", "The same, but keep the controller", Command::Kind::Pause);
  add(app, context, "resume", "Go on with a run that is paused, stopped or interrupted",
      Command::Kind::Resume);
  add(app, context, "cancel", "End all that runs: SIGTERM, grace, SIGKILL", Command::Kind::Cancel);
  add(app, context, "retry", "Run again what failed, or what is selected", Command::Kind::Retry);
}

}  // namespace studyctl
