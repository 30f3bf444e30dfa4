#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/study_options.h"
#include "study/applied_manifest.h"
#include "study/changes.h"
#include "study/table.h"

// diff: what applying a manifest would change of the newest run of its study, without an engine.
namespace studyctl {
namespace {

struct DiffOptions {
  StudyArguments study;
  uint64_t limit = 20;
};

constexpr int kDiffers = 1;  // as kubectl diff and diff(1) do

int diff(const Context& context, const DiffOptions& options) {
  auto study = load_named_study(options.study);
  if (!study) return fail(study.error());
  const LoadedStudy& after = **study;
  print_warnings(after);
  auto chosen = choose_run(context.find_volume(), after.study().name);
  if (!chosen) return fail(chosen.error());
  auto manifest = applied_manifest(*chosen);
  if (!manifest) return fail(manifest.error());

  uint64_t shown = 0, differing = 0;
  const auto show = [&](Change change, uint64_t, const Point& point) {
    if (change == Change::Same || (++differing > options.limit && options.limit > 0)) return;
    Row parameters;
    for (const auto& [name, value] : point.parameters) parameters.push_back(name + "=" + value.text);
    std::printf("%c %s\n", sign_of(change), printable(join(parameters, " ")).c_str());
    ++shown;
  };
  auto changes = changes_of(*manifest, chosen->directory.path(), after, show);
  if (!changes) return fail(changes.error());
  if (shown < differing)
    std::printf("… and %llu more (--limit 0 shows all)\n",
                static_cast<unsigned long long>(differing - shown));
  print_lines(change_lines(*changes));
  if (changes->none()) return kSucceeded;
  return kDiffers;
}

}  // namespace

void add_diff(CLI::App& app, Context& context) {
  DiffOptions& options = context.keep<DiffOptions>();
  CLI::App* command = app.add_subcommand("diff", "Show what apply would change: + new, ~ changed, - dropped");
  add_study_options(*command, options.study);
  command->add_option("--limit", options.limit, "Experiments to list; 0 for all")
      ->check(CLI::Range(0, 100'000'000))
      ->capture_default_str();
  command->footer("Exit code 0: nothing differs; 1: something does; greater: it could not be told.");
  command->final_callback([&] {
    context.study_arguments = &options.study;
    context.run = [&] { return diff(context, options); };
  });
}

}  // namespace studyctl
