#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/doctor_checks.h"
#include "cli/exit_code.h"
#include "engine/devices/quarantine.h"
#include "store/process_identity.h"
#include "store/rebuild.h"
#include "store/trash.h"
#include "study/run_text.h"

// doctor: says in words what is missing on this machine and how to get it, and mends the volume.
namespace studyctl {
namespace {

struct DoctorOptions {
  bool rebuild = false;
  bool tidy = false;
  std::string release;  // a device
  std::string lease_directory = MachinePlaces().lease_directory;
};

const char* mark_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::Good: return "ok";
    case Finding::Kind::Note: return "--";
    case Finding::Kind::Missing: return "!!";
  }
  return "";
}

void print(const char* heading, const std::vector<Finding>& findings) {
  std::printf("%s\n", heading);
  for (const Finding& finding : findings) {
    std::printf("  %s  %s\n", mark_of(finding.kind), printable(finding.text).c_str());
    if (!finding.advice.empty()) std::printf("      → %s\n", printable(finding.advice).c_str());
  }
  std::fflush(stdout);
}

bool is_missing(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.kind == Finding::Kind::Missing; });
}

int examine(const Context& context, const DoctorOptions& options) {
  MachinePlaces places = MachinePlaces::of_this_machine();
  places.lease_directory = options.lease_directory;
  std::printf("studyctl " STUDYCTL_VERSION "\n\n");
  print("machine", check_machine(places));
  std::map<std::string, int> devices;
  const std::vector<Finding> engines = check_engines(places, devices);
  print("container engines", engines);
  print("devices", check_devices(places, devices));
  const std::vector<Finding> volume =
      check_volume(context.find_volume(), context.results, SystemClock().now());
  print("results", volume);
  if (!is_missing(engines) && !is_missing(volume)) {
    std::printf("\nstudies can run here\n");
    return kSucceeded;
  }
  std::printf("\nstudies cannot run here yet: see !! above\n");
  return kUnavailable;
}

Result<VolumeLock> take(const ResultsVolume& volume, const char* what) {
  return volume.lock(this_holder(what));
}

int rebuild(const Context& context) {
  std::error_code failed;
  if (!std::filesystem::is_directory(context.results, failed))
    return fail(
        {ErrorCode::NotFound, context.results + ": is no directory; name the one with --results DIR"});
  // Copied directories may have come without their .studyctl.
  auto volume = ResultsVolume::open(context.results, context.state_directory);
  if (!volume) return fail(volume.error());
  const auto lock = take(*volume, "doctor --rebuild");
  if (!lock) return fail(lock.error());
  const auto report = rebuild_database(volume->root(), volume->database());
  if (!report) return fail(report.error());
  for (const std::string& warning : report->warnings)
    std::fprintf(stderr, "warning: %s\n", printable(warning).c_str());
  std::printf("%s: made again from %s with %s; the old one is studies.db.old\n", volume->database().c_str(),
              counted(report->runs, "run").c_str(), counted(report->events, "event").c_str());
  return kSucceeded;
}

int tidy(const Context& context) {
  auto volume = context.find_volume();
  if (!volume) return fail(volume.error());
  const auto lock = take(*volume, "doctor --tidy");
  if (!lock) return fail(lock.error());
  if (auto finished = finish_removals(*volume); !finished) return fail(finished.error());
  if (auto emptied = empty_trash(*volume); !emptied) return fail(emptied.error());
  std::printf("%s: nothing is left of what was deleted\n", volume->root().c_str());
  return kSucceeded;
}

int release(const DoctorOptions& options) {
  if (auto released = Quarantine(options.lease_directory).release(options.release); !released)
    return fail(released.error());
  std::printf("%s: may be leased again\n", options.release.c_str());
  return kSucceeded;
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  DoctorOptions& options = context.keep<DoctorOptions>();
  CLI::App* command = app.add_subcommand("doctor", "Say what is missing on this machine and how to get it");
  CLI::Option* rebuild_flag =
      command->add_flag("--rebuild", options.rebuild, "Make studies.db again from the files of all runs");
  command->add_flag("--tidy", options.tidy, "Remove what an interrupted delete has left")
      ->excludes(rebuild_flag);
  command->add_option("--release", options.release, "End the quarantine of a device, as `doctor` names it")
      ->type_name("DEVICE");
  command->add_option("--lease-dir", options.lease_directory, "Where devices are leased on this machine")
      ->type_name("DIR");
  command->footer("Exit code 5 when studies cannot run here.");
  command->final_callback([&] {
    context.run = [&] {
      if (!options.release.empty()) return release(options);
      return options.rebuild ? rebuild(context) : options.tidy ? tidy(context) : examine(context, options);
    };
  });
}

}  // namespace studyctl
