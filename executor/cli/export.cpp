#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/export/ro_crate.h"

// export: a run in a form that others read.
namespace studyctl {
namespace {

struct ExportOptions {
  std::string study;
  std::string directory;
  std::string license;
};

int export_run(const Context& context, const ExportOptions& options) {
  auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  const CrateRequest request{options.directory, options.license};
  if (auto written = write_ro_crate(*chosen, request); !written) return fail(written.error());
  std::printf("%s\n", options.directory.c_str());
  return kSucceeded;
}

}  // namespace

void add_export(CLI::App& app, Context& context) {
  ExportOptions& options = context.keep<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "Copy a run with what made it, as an RO-Crate");
  add_study(*command, options.study);
  command
      ->add_option("--ro-crate", options.directory,
                   "A new directory: RO-Crate 1.1, Workflow Run Crate 0.5, with the files")
      ->type_name("DIRECTORY")
      ->required();
  command->add_option("--license", options.license, "The address of a license for the crate")
      ->type_name("URL");
  command->final_callback([&] { context.run = [&] { return export_run(context, options); }; });
}

}  // namespace studyctl
