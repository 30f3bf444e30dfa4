#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/foreground.h"
#include "control/experiments.h"
#include "service/control_client.h"
#include "service/engine_finder.h"
#include "service/record_skips.h"
#include "store/process_identity.h"
#include "store/sqlite_journal.h"
#include "study/applied_manifest.h"
#include "study/command_choice.h"
#include "study/run_choice.h"
#include "study/run_text.h"

// Commands that change a run from another terminal: stop, pause, resume, cancel, retry, skip. Where no
// controller is left, those that still make sense start one; skip only records what it decided.
namespace studyctl {
namespace {

struct Steering {
  AskedCommand asked;
  std::string study;
  std::string run_timeout;  // retry: from here on
  ForegroundOptions here;
};

bool can_start_a_controller(Command::Kind kind) {
  return kind == Command::Kind::Resume || kind == Command::Kind::Cancel || kind == Command::Kind::Retry;
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
    auto answer = tell_controller(chosen.volume, chosen.run.record.id, part);
    if (!answer) return std::move(answer).error().within(study);
    std::printf("%s: %s\n", study.c_str(), answer->c_str());
  } while (told < command.repetitions.size());
  return {};
}

Result<void> skip_here(const ChosenRun& chosen, const Command& command) {
  const auto lock = chosen.volume.lock(this_holder(chosen.run.record.study, chosen.run.record.id));
  if (!lock) return lock.error();
  if (auto recorded = record_skips(chosen, command); !recorded) return recorded;
  std::printf("%s: %zu will not run\n", chosen.run.record.study.c_str(), command.repetitions.size());
  return {};
}

// The study of a run with the timeout that retry gave it; null where it gave none.
Result<std::unique_ptr<LoadedStudy>> retimed(const ChosenRun& chosen, Steering& steering) {
  if (steering.run_timeout.empty()) return std::unique_ptr<LoadedStudy>();
  auto manifest = applied_manifest(chosen);
  if (!manifest) return std::move(manifest).error();
  steering.here.drive.flags = manifest->flags;
  steering.here.drive.flags.push_back("--run-timeout=" + steering.run_timeout);
  Overrides overrides;
  overrides.settings.push_back({"--run-timeout", "execution.timeouts.run", steering.run_timeout});
  return load_applied(manifest->manifest, manifest->inputs, chosen.directory.path(), overrides);
}

// `studyctl skip experiments nmr -l …`: the word may stand before the study, as it does behind get.
void take_kind_word(Steering& steering) {
  for (const char* word : {"experiments", "experiment", "repetitions", "repetition"})
    if (steering.study == word) steering.study = std::exchange(steering.asked.selection.experiment, "");
}

int steer(const Context& context, Steering& steering) {
  take_kind_word(steering);
  auto chosen = choose_run(context.find_volume(), steering.study);
  if (!chosen) return fail(chosen.error());
  const auto holder = chosen->volume.holder();
  steering.asked.is_driven = is_on(*chosen);
  steering.asked.who = who_am_i();
  auto command = command_for(*chosen, steering.asked);
  if (!command) return fail(command.error());
  auto study = retimed(*chosen, steering);
  if (!study) return fail(study.error());
  if (steering.asked.is_driven || (holder && holder->is_service)) {
    if (auto fine = none_for_a_service(steering.here); !fine) return fail(fine.error());
    if (*study)
      if (auto told = hand_over(*chosen, **study, steering.here.drive, to_controller_of(*chosen)); !told)
        return fail(told.error());
    const auto told = tell_in_parts(*chosen, *command);
    return told ? kSucceeded : fail(told.error());
  }
  const bool is_of_some = steering.asked.kind == Command::Kind::Cancel && !command->repetitions.empty();
  if (steering.asked.kind == Command::Kind::Skip || is_of_some) {
    const auto recorded = skip_here(*chosen, *command);
    return recorded ? kSucceeded : fail(recorded.error());
  }
  if (!has_something_to_do(steering.asked.kind, chosen->run.state))
    return fail(nobody_drives_it(chosen->run));
  ForegroundOptions options = steering.here;
  options.first = *std::move(command);
  if (*study)
    return run_here(*std::move(study), std::move(chosen->volume), std::move(chosen->run), std::move(options));
  return go_on_here(*std::move(chosen), options);
}

void add(CLI::App& app, Context& context, const char* name, const char* about, Command::Kind kind) {
  Steering& steering = context.keep<Steering>();
  steering.asked.kind = kind;
  CLI::App* command = app.add_subcommand(name, about);
  add_study(*command, steering.study);
  if (kind == Command::Kind::Cancel)
    command
        ->add_option("--grace", steering.asked.grace,
                     "Between SIGTERM and SIGKILL, instead of the manifest's: 2s")
        ->type_name("DURATION");
  if (kind == Command::Kind::Retry || kind == Command::Kind::Skip || kind == Command::Kind::Cancel)
    add_selection(*command, steering.asked.selection);
  if (kind == Command::Kind::Skip)
    command->add_option("--why", steering.asked.why, "For the record, and for whoever reads it")
        ->type_name("TEXT");
  if (kind == Command::Kind::Retry) {
    command
        ->add_option("--max-retries", steering.asked.max_retries,
                     "Leave out what has failed more often than that")
        ->type_name("N");
    command->add_option("--run-timeout", steering.run_timeout, "spec.execution.timeouts.run from here on")
        ->type_name("DURATION");
  }
  if (can_start_a_controller(kind)) add_foreground_options(*command, steering.here);
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
