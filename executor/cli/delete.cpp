#include <unistd.h>

#include <cstdio>
#include <functional>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "service/control_client.h"
#include "store/process_identity.h"
#include "store/trash.h"
#include "study/run_choice.h"
#include "study/run_text.h"

// delete: takes runs out of the volume, their files and their rows.
namespace studyctl {
namespace {

struct DeleteOptions {
  std::string name;
  bool yes = false;
};

std::string text_of(const RunSummary& run) {
  return run.record.directory + " (" + std::string(name_of(run.state)) + ", " +
         counted(count_in(run, RepetitionState::Succeeded), "result") + ")";
}

Result<void> delete_each(const std::vector<RunSummary>& runs,
                         const std::function<Result<void>(const RunRecord&)>& deletes) {
  for (const RunSummary& run : runs) {
    if (auto deleted = deletes(run.record); !deleted) return deleted;
    std::printf("deleted %s\n", text_of(run).c_str());
    std::fflush(stdout);
  }
  return {};
}

int delete_runs(const ResultsVolume& volume, const std::vector<RunSummary>& runs,
                const DeleteOptions& options) {
  if (!options.yes) {
    for (const RunSummary& run : runs) std::fprintf(stderr, "would be deleted: %s\n", text_of(run).c_str());
    return fail({ErrorCode::Invalid, "nothing was deleted: say --yes"});
  }
  if (const auto holder = volume.holder(); holder && holder->is_service) {
    const auto deleted = delete_each(runs, [&](const RunRecord& run) { return ask_to_delete(volume, run); });
    return deleted ? kSucceeded : fail(deleted.error());
  }
  const auto lock = volume.lock(this_holder("delete " + options.name));
  if (!lock) return fail(lock.error());
  if (auto finished = finish_removals(volume); !finished) return fail(finished.error());
  if (auto deleted = delete_each(runs, [&](const RunRecord& run) { return remove_run(volume, run); });
      !deleted)
    return fail(deleted.error());
  if (auto emptied = empty_trash(volume); !emptied) return fail(emptied.error());
  return kSucceeded;
}

struct Opened {
  ResultsVolume volume;
  Catalog catalog;
};

Result<Opened> open(const Context& context) {
  auto volume = context.find_volume();
  if (!volume) return std::move(volume).error();
  auto catalog = Catalog::of(*volume);
  if (!catalog) return std::move(catalog).error();
  return Opened{*std::move(volume), *std::move(catalog)};
}

int delete_run_command(const Context& context, const DeleteOptions& options) {
  auto opened = open(context);
  if (!opened) return fail(opened.error());
  auto run = opened->catalog.run(options.name);
  if (!run) {
    const auto of_study = opened->catalog.runs(options.name);
    if (!of_study || of_study->empty()) return fail(run.error());
    return fail({ErrorCode::Invalid, printable(options.name) + " is a study with " +
                                         counted(of_study->size(), "run") + ": name one, as " +
                                         of_study->front().record.directory +
                                         ", or say `studyctl delete study " + options.name + "`"});
  }
  return delete_runs(opened->volume, {*std::move(run)}, options);
}

int delete_study_command(const Context& context, const DeleteOptions& options) {
  auto opened = open(context);
  if (!opened) return fail(opened.error());
  auto runs = opened->catalog.runs(options.name);
  if (!runs) return fail(runs.error());
  if (runs->empty())
    return fail({ErrorCode::NotFound, "there is no study '" + printable(options.name) + "' here"});
  return delete_runs(opened->volume, *runs, options);
}

}  // namespace

void add_delete(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("delete", "Delete a run or a study with its results, for good");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, const char* what, auto function) {
    DeleteOptions& options = context.keep<DeleteOptions>();
    CLI::App* kind = command->add_subcommand(name, about);
    kind->add_option("NAME", options.name, what)->required();
    kind->add_flag("--yes,-y", options.yes, "Do it");
    kind->footer("Refused with exit code 6 while a run holds the volume; a service does it between its own.");
    kind->final_callback([&context, &options, function] {
      context.run = [&context, &options, function] { return function(context, options); };
    });
  };
  add("run", "One run: its directory and its rows in studies.db", "STUDY/RUN or a run's id",
      delete_run_command);
  add("study", "A study with all of its runs", "The study's name", delete_study_command);
}

}  // namespace studyctl
