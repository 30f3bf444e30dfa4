#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/listing.h"
#include "service/control_client.h"
#include "store/keep_mark.h"
#include "store/process_identity.h"
#include "study/retention.h"
#include "study/run_choice.h"
#include "study/run_text.h"
#include "study/written_json.h"

// prune, keep, unkeep: how much history stays.
namespace studyctl {
namespace {

struct PruneOptions {
  std::string study;
  std::optional<int64_t> runs;
  std::string age, size;
  bool dry_run = false;
  Output output = Output::Table;
};

struct KeepOptions {
  std::string run, why;
};

Result<Retention> rules_of(const PruneOptions& options) {
  Retention rules;
  rules.runs = options.runs;
  if (!options.age.empty()) {
    auto age = parse_duration(options.age);
    if (!age) return std::move(age).error().within("--age");
    rules.age = *age;
  }
  if (!options.size.empty()) {
    auto size = parse_bytes(options.size);
    if (!size) return std::move(size).error().within("--size");
    rules.bytes = *size;
  }
  if (rules.has_rules()) return rules;
  return Error{ErrorCode::Invalid, "say what stays of each study: --runs 10, --age 90d or --size 500Gi"};
}

ListItem item_of(const ResultsVolume& volume, const PrunedRun& one, const char* what, int64_t bytes) {
  ListItem item;
  item.name = one.run.record.directory;
  item.path = volume.root() / item.name;
  item.column("RUN", "run", Written::text(item.name));
  item.column("WHAT", "what", Written::text(what));
  item.column("SIZE", "bytes", written_of(bytes), human_bytes(bytes));
  item.column("WHY", "why", Written::text(one.why));
  item.wide_column("STATE", "state", written_of(one.run.state));
  item.wide_column("ENDED", "finished_at", written_of(one.run.finished_at),
                   instant_text(one.run.finished_at));
  return item;
}

// The same as prune() where a service holds the volume.
Result<void> prune_by_service(const ResultsVolume& volume, const std::vector<PrunedRun>& plan,
                              const std::function<void(const PrunedRun&)>& removes) {
  for (const PrunedRun& one : plan) {
    if (!one.goes || keep_mark(volume.root() / one.run.record.directory)) continue;
    removes(one);
    if (auto gone = ask_to_delete(volume, one.run.record); !gone)
      return std::move(gone).error().within(one.run.record.directory);
  }
  return {};
}

// What goes, and what stays although a rule would have it go.
int prune_and_tell(const ResultsVolume& volume, const std::vector<PrunedRun>& plan,
                   const PruneOptions& options) {
  Listing listing(stdout, options.output);
  uint64_t count = 0;
  int64_t freed = 0;
  const auto tell = [&](const PrunedRun& one) {
    const int64_t bytes = size_on_disk(volume, one.run.record);
    listing.add(item_of(volume, one, options.dry_run ? "would go" : "goes", bytes));
    ++count;
    freed += bytes;
  };
  Result<void> done;
  if (options.dry_run) {
    for (const PrunedRun& one : plan)
      if (one.goes) tell(one);
  } else {
    const auto holder = volume.holder();
    done = holder && holder->is_service ? prune_by_service(volume, plan, tell) : prune(volume, plan, tell);
  }
  for (const PrunedRun& one : plan)
    if (!one.goes) listing.add(item_of(volume, one, "stays", size_on_disk(volume, one.run.record)));
  listing.finish("nothing goes by these rules");
  if (!done) return fail(done.error());
  if (options.output == Output::Table && count > 0)
    std::printf("%s%s, %s\n",
                options.dry_run ? "would be removed: " : "removed: ", counted(count, "run").c_str(),
                human_bytes(freed).c_str());
  return kSucceeded;
}

int prune_command(const Context& context, const PruneOptions& options) {
  const auto rules = rules_of(options);
  if (!rules) return fail(rules.error());
  const auto volume = context.find_volume();
  if (!volume) return fail(volume.error());
  std::optional<VolumeLock> lock;
  const auto holder = volume->holder();
  const bool is_of_service = holder && holder->is_service;
  if (!options.dry_run && !is_of_service) {
    auto taken = volume->lock(this_holder("prune " + options.study));
    if (!taken) return fail(taken.error());
    lock = *std::move(taken);
  }
  std::set<std::string> on;
  if (holder)
    for (const HeldRun& held : holder->runs) on.insert(held.run);
  const auto plan = plan_prune(*volume, *rules, options.study, on);
  return plan ? prune_and_tell(*volume, *plan, options) : fail(plan.error());
}

int keep_command(const Context& context, const KeepOptions& options) {
  const auto chosen = choose_run(context.find_volume(), options.run);
  if (!chosen) return fail(chosen.error());
  const char* user = std::getenv("USER");
  const std::string says =
      printable(options.why.empty() ? "by " + std::string(user ? user : "somebody") : options.why);
  const auto kept = set_keep_mark(chosen->volume, chosen->directory.path(), says);
  if (!kept) return fail(kept.error());
  std::printf("%s: is kept\n", chosen->run.record.directory.c_str());
  return kSucceeded;
}

int unkeep_command(const Context& context, const KeepOptions& options) {
  const auto chosen = choose_run(context.find_volume(), options.run);
  if (!chosen) return fail(chosen.error());
  const auto cleared = clear_keep_mark(chosen->volume, chosen->directory.path());
  if (!cleared) return fail(cleared.error());
  std::printf("%s: is kept no more\n", chosen->run.record.directory.c_str());
  return kSucceeded;
}

void add_keep(CLI::App& app, Context& context, const char* name, const char* about,
              int (*function)(const Context&, const KeepOptions&)) {
  KeepOptions& options = context.keep<KeepOptions>();
  CLI::App* command = app.add_subcommand(name, about);
  add_study(*command, options.run);
  if (function == keep_command)
    command->add_option("--why", options.why, "For whoever reads it")->type_name("TEXT");
  command->final_callback([&context, &options, function] {
    context.run = [&context, &options, function] { return function(context, options); };
  });
}

}  // namespace

void add_prune(CLI::App& app, Context& context) {
  PruneOptions& options = context.keep<PruneOptions>();
  CLI::App* command =
      app.add_subcommand("prune", "Remove old runs of each study with their results, for good");
  command->add_option("STUDY", options.study, "Of this study alone");
  command->add_option("--runs", options.runs, "The newest so many stay")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  command->add_option("--age", options.age, "What ended less long ago stays: 90d")->type_name("DURATION");
  command->add_option("--size", options.size, "As much stays on disk, the oldest go first: 500Gi")
      ->type_name("SIZE");
  command->add_flag("--dry-run", options.dry_run, "Only say what would go, and why");
  add_output(*command, options.output);
  command->footer(
      "Any rule suffices for a run to go. The newest run of a study stays, and what is on, what `keep` "
      "marked, and\n"
      "what Cached results of another run are from. Refused with exit code 6 while a run holds the volume; a "
      "service does\n"
      "it between its own. spec.retention does the same whenever a run has ended.");
  command->final_callback([&] { context.run = [&] { return prune_command(context, options); }; });
  add_keep(app, context, "keep", "Mark a run, so that nothing but delete removes it", keep_command);
  add_keep(app, context, "unkeep", "Take the mark off", unkeep_command);
}

}  // namespace studyctl
