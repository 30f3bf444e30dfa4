#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "cli/applied_manifest.h"
#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/control_client.h"
#include "cli/engine_finder.h"
#include "cli/exit_code.h"
#include "cli/plan_text.h"
#include "cli/record_change.h"
#include "cli/run_choice.h"
#include "cli/run_text.h"
#include "cli/run_view.h"
#include "cli/serve.h"
#include "cli/study_options.h"
#include "cli/table.h"
#include "store/process_identity.h"
#include "store/publisher.h"

// apply: makes the results volume what the manifest says. A run that is on is followed, one that is
// unfinished goes on, one that has finished is left alone.
namespace studyctl {
namespace {

struct ApplyOptions {
  StudyArguments study;
  ServeOptions serve;
  bool yes = false;
  bool fresh = false;
};

struct Decision {
  // Configured: the run takes it up and has nothing to do for it.
  enum class Kind : uint8_t { New, GoOn, Configured, Unchanged, Refused };
  Kind kind = Kind::New;
  std::string message;
};

std::string finished_text(const RunSummary& run) {
  if (run.state == RunState::Completed) return "unchanged: all " + std::to_string(run.total) + " are done";
  return "unchanged: " + std::string(name_of(run.state)) + ", " + counts_text(run.counts) + ": " +
         next_step(run.state, run.record.study) + ", `apply --fresh` opens a new run";
}

// What to do with the newest run of the study, which nobody drives.
Decision decide(const RunSummary& newest, const StudyChanges& changes, const LoadedStudy& study) {
  using enum Decision::Kind;
  if (changes.seed && newest.total > 0)
    return {Refused, "execution.seed: a run that has begun keeps its seed; `apply --fresh` opens a new run"};
  if (is_unfinished(newest.state)) return {GoOn, ""};
  if (changes.none()) return {Unchanged, finished_text(newest)};
  if (!changes.experiments.none()) return {New, ""};
  const Execution& after = study.study().execution;
  const bool repeats = after.repeat_until && changes.repeats;
  const bool wants_more = repeats || after.cycles > changes.before->study().execution.cycles;
  return {wants_more ? GoOn : Configured, ""};
}

// The newest run of the study, if there is one.
Result<std::optional<ChosenRun>> newest_run(const ResultsVolume& volume, const std::string& study) {
  auto chosen = choose_run(volume, study);
  if (chosen) return std::optional(*std::move(chosen));
  if (chosen.error().code == ErrorCode::NotFound) return std::optional<ChosenRun>();
  return std::move(chosen).error();
}

Result<StudyChanges> changes_since(const ChosenRun& chosen, const LoadedStudy& study) {
  auto manifest = applied_manifest(chosen);
  if (!manifest) return std::move(manifest).error();
  return changes_of(*manifest, chosen.directory.path(), study);
}

// A run that has ended, and has nothing to do for what changed but to remember it.
int configure(const LoadedStudy& study, const ChosenRun& chosen, const ApplyOptions& options) {
  const auto lock = chosen.volume.lock(
      {getpid(), this_process().host, study.study().name, chosen.run.record.id, SystemClock().now()});
  if (!lock) return fail(lock.error());
  if (auto kept = keep_inputs(study, chosen.directory); !kept) return fail(kept.error());
  auto journal = SqliteJournal::open(chosen.volume.database(), chosen.run.record.id, {});
  if (!journal) return fail(journal.error());
  const RunManifest manifest = manifest_as_applied(study, options.serve.flags);
  if (auto changed = record_change(*journal, chosen.directory, study, manifest, who_am_i()); !changed)
    return fail(changed.error());
  if (auto upright = bring_files_up(*journal, chosen.directory); !upright) return fail(upright.error());
  auto checkpoints = journal->checkpoints();
  auto publisher = checkpoints ? Publisher::open(chosen.directory.path(), *checkpoints, {})
                               : Result<Publisher>(checkpoints.error());
  if (!publisher) return fail(publisher.error());
  std::printf("study %s: configured, nothing is left to run\n", study.study().name.c_str());
  return exit_code_of(chosen.run.state, chosen.run.message);
}

// The volume is held: by this very study, which is then followed, or by another.
int meet_holder(const Context& context, const LoadedStudy& study, const LockHolder& holder,
                const ServeOptions& options) {
  const std::string& name = study.study().name;
  if (holder.study != name)
    return fail({ErrorCode::Conflict, context.results + " is held by " + describe(holder) +
                                          ": wait for it, or use another --results"});
  if (holder.run.empty())
    return fail({ErrorCode::Conflict, name + ": is being started by " + describe(holder)});
  auto chosen = choose_run(context.find_volume(), holder.run);
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
    auto answer = hand_over(*chosen, study, options);
    if (!answer) return fail(std::move(answer).error().within(name));
    std::printf("study %s: %s\n", name.c_str(), answer->c_str());
  }
  return options.detach ? kSucceeded : follow(*chosen);
}

bool over_the_cap(const LoadedStudy& study, const ApplyOptions& options) {
  return !options.yes && study.repetitions() > study.study().execution.limit;
}

// The study has a run, which nobody drives.
int apply_again(std::unique_ptr<LoadedStudy> study, ResultsVolume volume, ChosenRun chosen,
                ApplyOptions& options) {
  const std::string name = study->study().name;
  auto changes = changes_since(chosen, *study);
  if (!changes) return fail(changes.error());
  const Decision decision = decide(chosen.run, *changes, *study);
  print_lines(change_lines(*changes));
  switch (decision.kind) {
    case Decision::Kind::Refused: return fail({ErrorCode::Invalid, name + ": " + decision.message});
    case Decision::Kind::Unchanged:
      std::printf("study %s: %s\n", name.c_str(), decision.message.c_str());
      return exit_code_of(chosen.run.state, chosen.run.message);
    case Decision::Kind::Configured: return configure(*study, chosen, options);
    case Decision::Kind::GoOn:
      print_lines({"study " + name + ": goes on with " + chosen.run.record.directory});
      return serve(std::move(study), std::move(volume), std::move(chosen.run), options.serve);
    case Decision::Kind::New: break;
  }
  return serve(std::move(study), std::move(volume), std::nullopt, options.serve);
}

int apply(const Context& context, ApplyOptions& options) {
  auto study = load_study(options.study);
  if (!study) return fail(study.error());
  const LoadedStudy& loaded = **study;
  for (const std::string& warning : loaded.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  print_lines(plan_summary(loaded, experience_of(loaded, context.find_volume())));
  if (over_the_cap(loaded, options))
    return fail({ErrorCode::Invalid, std::to_string(loaded.repetitions()) +
                                         " repetitions are more than the limit of " +
                                         std::to_string(loaded.study().execution.limit) +
                                         ": say --yes, or raise spec.execution.limit"});
  auto volume = ResultsVolume::open(context.results, context.state_directory);
  if (!volume) return fail(volume.error());
  if (const auto holder = volume->holder()) return meet_holder(context, loaded, *holder, options.serve);
  auto newest = newest_run(*volume, loaded.study().name);
  if (!newest) return fail(newest.error());
  if (!*newest || options.fresh)
    return serve(*std::move(study), *std::move(volume), std::nullopt, options.serve);
  return apply_again(*std::move(study), *std::move(volume), **std::move(newest), options);
}

}  // namespace

void add_apply(CLI::App& app, Context& context) {
  ApplyOptions& options = context.keep<ApplyOptions>();
  CLI::App* command = app.add_subcommand("apply", "Run a study, or go on with it");
  add_study_options(*command, options.study);
  add_serve_options(*command, options.serve);
  command->add_flag("--yes,-y", options.yes,
                    "Even when there are more repetitions than spec.execution.limit");
  command->add_flag("--fresh", options.fresh, "Open a new run that reuses nothing");
  const std::map<std::string, Reuse> reuses = {{"same-host", Reuse::SameHost}, {"any", Reuse::Any}};
  command
      ->add_option(
          "--reuse", options.serve.reuse,
          "Of earlier runs: what was done on the same CPU, GPU and engine (same-host), or wherever (any)")
      ->transform(CLI::CheckedTransformer(reuses))
      ->type_name("WHAT");
  command->final_callback([&] {
    options.serve.engine = options.study.engine;
    options.serve.flags = flags_of(options.study);
    if (options.fresh) options.serve.flags.emplace_back(kFreshFlag);
    context.run = [&] { return apply(context, options); };
  });
}

}  // namespace studyctl
