#include "cli/report/report.h"

#include "base/fd.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/remote/remote_rules.h"

// report: a run's results as one HTML file.
namespace studyctl {
namespace {

struct ReportOptions {
  std::string study;
  std::string selector;
  bool clean = false;
  std::string file = "report.html";
};

int write(const std::string& page, const ReportOptions& options) {
  if (options.file == "-") {
    std::fwrite(page.data(), 1, page.size(), stdout);
    return kSucceeded;
  }
  if (auto written = write_file_atomically(options.file, page, 0644); !written) return fail(written.error());
  std::printf("%s\n", options.file.c_str());
  return kSucceeded;
}

int report(const Context& context, const ReportOptions& options) {
  Selection selection;
  selection.selector = options.selector;
  auto rules = understand(selection);
  if (!rules) return fail(rules.error());
  auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  const Selector everything;
  auto query = query_of(*chosen, *rules, everything);
  if (!query) return fail(query.error());
  query->clean = options.clean;
  auto page = report_of(*query);
  if (!page) return fail(page.error());
  return write(*page, options);
}

// The page is made by the service, and written here.
int report_there(const ServiceLink& server, RemoteCommand command, const ReportOptions& options) {
  command.args = without_options(command.args, {"--output", "-o"});
  command.args.emplace_back("--output=-");
  std::string page;
  command.on_output = [&page](std::string_view bytes) { page += bytes; };
  const int code = run_there(server, command);
  return code == kSucceeded ? write(page, options) : code;
}

}  // namespace

void add_report(CLI::App& app, Context& context) {
  ReportOptions& options = context.keep<ReportOptions>();
  CLI::App* command =
      app.add_subcommand("report", "Write what was measured as one HTML file with plots; it opens offline");
  add_study(*command, options.study);
  command->add_option("-l,--selector", options.selector, "By parameters: molecule=water,charge!=0")
      ->type_name("SELECTOR");
  command->add_flag("--clean", options.clean,
                    "Leave out what was flagged: throttled, or disturbed by other work on the machine");
  command->add_option("-o,--output", options.file, "The file; - for standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command->final_callback([&] {
    context.run = [&] { return report(context, options); };
    context.run_remotely = [&](const ServiceLink& server, RemoteCommand request) {
      return report_there(server, std::move(request), options);
    };
  });
}

}  // namespace studyctl
