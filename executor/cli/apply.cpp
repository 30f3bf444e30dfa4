#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/plan_text.h"
#include "cli/run_choice.h"
#include "cli/run_text.h"
#include "cli/run_view.h"
#include "cli/serve.h"
#include "cli/study_options.h"
#include "cli/table.h"

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
  enum class Kind : uint8_t { New, GoOn, Unchanged, Refused };
  Kind kind = Kind::New;
  std::optional<RunSummary> run;
  std::string message;
};

std::string finished_text(const RunSummary& run) {
  if (run.state == RunState::Completed) return "unchanged: all " + std::to_string(run.total) + " are done";
  return "unchanged: " + std::string(name_of(run.state)) + ", " + counts_text(run.counts) + ": " +
         next_step(run.state, run.record.study) + ", `apply --fresh` opens a new run";
}

// What to do with the newest run of the study, which nobody drives.
Decision decide(const LoadedStudy& study, const std::optional<RunSummary>& newest,
                const ApplyOptions& options) {
  if (!newest || options.fresh) return {};
  const std::string name = newest->record.study;
  if (newest->record.design_hash != study.design_hash)
    return {Decision::Kind::Refused, newest,
            name + ": its design differs from that of run " + newest->record.directory +
                "; `apply --fresh` opens a new run, another metadata.name keeps both"};
  if (newest->total != 0 && newest->total != study.repetitions())
    return {Decision::Kind::Refused, newest,
            name + ": the run has " + std::to_string(newest->total) + " repetitions, this manifest has " +
                std::to_string(study.repetitions()) + "; `apply --fresh` opens a new run"};
  if (is_unfinished(newest->state)) return {Decision::Kind::GoOn, newest, ""};
  return {Decision::Kind::Unchanged, newest, finished_text(*newest)};
}

Result<std::optional<RunSummary>> newest_run(const ResultsVolume& volume, const std::string& study) {
  const auto catalog = Catalog::of(volume);
  auto run = catalog ? catalog->latest(study) : Result<RunSummary>(catalog.error());
  if (run) return std::optional(*std::move(run));
  if (run.error().code == ErrorCode::NotFound) return std::optional<RunSummary>();
  return std::move(run).error();
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
  if (chosen->run.record.design_hash != study.design_hash)
    return fail({ErrorCode::Conflict, name + ": runs with another design, held by " + describe(holder) +
                                          ": `studyctl stop " + name + "` first"});
  std::printf("study %s: unchanged, runs already (pid %d on host %s)\n", name.c_str(), holder.pid,
              holder.host.c_str());
  return options.detach ? kSucceeded : follow(*chosen);
}

bool over_the_cap(const LoadedStudy& study, const ApplyOptions& options) {
  return !options.yes && study.repetitions() > study.study().execution.limit;
}

int apply(const Context& context, ApplyOptions& options) {
  auto study = load_study(options.study);
  if (!study) return fail(study.error());
  const LoadedStudy& loaded = **study;
  for (const std::string& warning : loaded.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  print_lines(plan_summary(loaded));
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
  Decision decision = decide(loaded, *newest, options);
  switch (decision.kind) {
    case Decision::Kind::Refused: return fail({ErrorCode::Invalid, decision.message});
    case Decision::Kind::Unchanged:
      std::printf("study %s: %s\n", loaded.study().name.c_str(), decision.message.c_str());
      return exit_code_of(decision.run->state);
    case Decision::Kind::GoOn:
      print_lines({"study " + loaded.study().name + ": goes on with " + decision.run->record.directory});
      return serve(*std::move(study), *std::move(volume), std::move(decision.run), options.serve);
    case Decision::Kind::New: break;
  }
  return serve(*std::move(study), *std::move(volume), std::nullopt, options.serve);
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
  command->final_callback([&] {
    options.serve.engine = options.study.engine;
    options.serve.flags = flags_of(options.study);
    context.run = [&] { return apply(context, options); };
  });
}

}  // namespace studyctl
