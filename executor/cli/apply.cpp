#include <cstdio>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/foreground.h"
#include "cli/run_view.h"
#include "cli/study_options.h"
#include "service/apply_decision.h"
#include "service/control_client.h"
#include "service/engine_finder.h"
#include "study/applied_manifest.h"
#include "study/changes.h"
#include "study/plan_text.h"
#include "study/run_choice.h"
#include "study/run_text.h"
#include "study/table.h"

// apply: makes the results volume what the manifest says. A run that is on is followed, one that is
// unfinished goes on, one that has finished is left alone.
namespace studyctl {
namespace {

struct ApplyOptions {
  StudyArguments study;
  ForegroundOptions here;
  bool yes = false;
  bool fresh = false;
};

// A run that has ended, and has nothing to do for what changed but to remember it.
int configure_ended(const LoadedStudy& study, const ChosenRun& chosen, const ApplyOptions& options) {
  const auto lock = chosen.volume.lock(this_holder(chosen.run.record.study, chosen.run.record.id));
  if (!lock) return fail(lock.error());
  if (auto changed = configure(study, chosen, options.here.drive.flags, who_am_i()); !changed)
    return fail(changed.error());
  std::printf("study %s: configured, nothing is left to run\n", study.study().name.c_str());
  return exit_code_of(chosen.run.state, chosen.run.message);
}

Result<Applied> send(const ServiceLink& link, const LoadedStudy& study, const ApplyOptions& options) {
  if (auto fine = none_for_a_service(options.here); !fine) return std::move(fine).error();
  const DriveOptions& drive = options.here.drive;
  return send_to_service(link, study,
                         {drive.flags, options.fresh, options.yes, drive.reuse == Reuse::Any,
                          drive.accept_image_change, drive.no_pilot_pause});
}

// A service holds the volume: it takes the study up, and the run is followed.
int apply_by_service(const Context& context, const LoadedStudy& study, const ApplyOptions& options) {
  auto volume = context.find_volume();
  if (!volume) return fail(volume.error());
  const auto applied = send(link_to(*volume), study, options);
  if (!applied) return fail(applied.error());
  std::printf("study %s: %s\n", applied->study.c_str(), applied->message.c_str());
  if (options.here.detach) return kSucceeded;
  auto chosen = choose_run(std::move(volume), applied->run);
  return chosen ? follow(*chosen) : fail(chosen.error());
}

// The same by a service elsewhere.
int apply_there(const ServiceLink& server, const LoadedStudy& study, const ApplyOptions& options) {
  const auto applied = send(server, study, options);
  if (!applied) return fail(applied.error());
  print_lines(applied->lines);
  std::printf("study %s: %s\n", applied->study.c_str(), applied->message.c_str());
  std::fflush(stdout);
  return options.here.detach ? kSucceeded : run_there(server, {{"watch", applied->run}, "", true});
}

// The volume is held: by this very study, which is then followed, or by another.
int meet_holder(const Context& context, const LoadedStudy& study, const LockHolder& holder,
                const ForegroundOptions& options) {
  const std::string& name = study.study().name;
  const HeldRun held = holder.runs.empty() ? HeldRun() : holder.runs.front();
  if (held.study != name)
    return fail({ErrorCode::Conflict, context.results + " is held by " + describe(holder) +
                                          ": wait for it, or use another --results"});
  if (held.run.empty())
    return fail({ErrorCode::Conflict, name + ": is being started by " + describe(holder)});
  auto chosen = choose_run(context.find_volume(), held.run);
  if (!chosen) return fail(chosen.error());
  auto changes = changes_since(*chosen, study);
  if (!changes) return fail(changes.error());
  if (changes->none()) {
    std::printf("study %s: unchanged, runs already (pid %d on host %s)\n", name.c_str(), holder.pid,
                holder.host.c_str());
  } else {
    if (changes->seed)
      return fail({ErrorCode::Conflict, name +
                                            ": execution.seed cannot change while it runs: `studyctl stop " +
                                            name + "`, then `apply --fresh`"});
    print_lines(change_lines(*changes));
    auto answer = hand_over(*chosen, study, options.drive, to_controller_of(*chosen));
    if (!answer) return fail(std::move(answer).error().within(name));
    std::printf("study %s: %s\n", name.c_str(), answer->c_str());
  }
  return options.detach ? kSucceeded : follow(*chosen);
}

// The study has a run, which nobody drives.
int apply_again(std::unique_ptr<LoadedStudy> study, ResultsVolume volume, ChosenRun chosen,
                ApplyOptions& options) {
  const std::string name = study->study().name;
  auto changes = changes_since(chosen, *study);
  if (!changes) return fail(changes.error());
  const ApplyDecision decision = decide(chosen.run, *changes, *study);
  print_lines(change_lines(*changes));
  switch (decision.kind) {
    case ApplyDecision::Kind::Refused: return fail({ErrorCode::Invalid, name + ": " + decision.message});
    case ApplyDecision::Kind::Unchanged:
      std::printf("study %s: %s\n", name.c_str(), decision.message.c_str());
      return exit_code_of(chosen.run.state, chosen.run.message);
    case ApplyDecision::Kind::Configured: return configure_ended(*study, chosen, options);
    case ApplyDecision::Kind::GoOn:
      print_lines({"study " + name + ": goes on with " + chosen.run.record.directory});
      return run_here(std::move(study), std::move(volume), std::move(chosen.run), options.here);
    case ApplyDecision::Kind::New: break;
  }
  return run_here(std::move(study), std::move(volume), std::nullopt, options.here);
}

int apply(const Context& context, ApplyOptions& options) {
  auto study = load_study(options.study);
  if (!study) return fail(study.error());
  const LoadedStudy& loaded = **study;
  print_warnings(loaded);
  if (!context.server) print_lines(plan_summary(loaded, experience_of(loaded, context.find_volume())));
  if (!options.yes)
    if (auto within = within_the_limit(loaded); !within) return fail(within.error());
  if (context.server) return apply_there(*context.server, loaded, options);
  auto volume = ResultsVolume::open(context.results, context.state_directory);
  if (!volume) return fail(volume.error());
  const auto holder = volume->holder();
  if (holder && holder->is_service) return apply_by_service(context, loaded, options);
  if (holder) return meet_holder(context, loaded, *holder, options.here);
  auto newest = newest_run(*volume, loaded.study().name);
  if (!newest) return fail(newest.error());
  if (!*newest || options.fresh)
    return run_here(*std::move(study), *std::move(volume), std::nullopt, options.here);
  return apply_again(*std::move(study), *std::move(volume), **std::move(newest), options);
}

}  // namespace

void add_apply(CLI::App& app, Context& context) {
  ApplyOptions& options = context.keep<ApplyOptions>();
  CLI::App* command = app.add_subcommand("apply", "Run a study, or go on with it");
  add_study_options(*command, options.study);
  add_foreground_options(*command, options.here);
  command->add_flag("--yes,-y", options.yes,
                    "Even when there are more repetitions than spec.execution.limit");
  command->add_flag("--fresh", options.fresh, "Open a new run that reuses nothing");
  const std::map<std::string, Reuse> reuses = {{"same-host", Reuse::SameHost}, {"any", Reuse::Any}};
  command
      ->add_option(
          "--reuse", options.here.drive.reuse,
          "Of earlier runs: what was done on the same CPU, GPU and engine (same-host), or wherever (any)")
      ->transform(CLI::CheckedTransformer(reuses))
      ->type_name("WHAT");
  command->final_callback([&] {
    options.here.drive.engine = options.study.engine;
    options.here.drive.flags = flags_of(options.study);
    if (options.fresh) options.here.drive.flags.emplace_back(kFreshFlag);
    context.run = [&] { return apply(context, options); };
  });
}

}  // namespace studyctl
