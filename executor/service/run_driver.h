#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/mailbox.h"
#include "control/controller.h"
#include "control/experiments.h"
#include "control/gateway.h"
#include "control/run_metrics.h"
#include "control/run_report.h"
#include "control/volume_workspace.h"
#include "io/event_loop.h"
#include "service/drive_options.h"
#include "service/live_runs.h"
#include "service/preflight.h"
#include "store/harvest/worker.h"
#include "store/reserved_journal.h"
#include "store/run_directory.h"
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"
#include "study/secret_sources.h"

namespace studyctl {

// What a controller is to drive.
struct Assignment {
  std::unique_ptr<LoadedStudy> study;
  ResultsVolume volume;
  std::optional<RunSummary> again{};  // the run that is gone on with; without it a new one begins
  // The controller before lived until now, or is to be taken for it: the run is left as it is, paused or
  // draining, and nobody is there to be told what it lacks.
  bool is_relay = false;
};

// One controller with all its concrete parts, wired together here and nowhere else. The thread that calls it
// is the control thread.
class RunDriver {
 public:
  // `live`, which holds the volume, and the seat must outlive it; a null seat: the machine is this run's.
  RunDriver(Assignment assignment, DriveOptions options, LiveRuns& live, Seat* seat);
  ~RunDriver();

  // Finds the engine, looks whether all that the study needs is there, opens the run (or goes on with it, by
  // the manifest that the study is of) and enters it among the live ones. Nothing was started when it fails;
  // nothing was made on the volume either, for a new run.
  Result<void> open();

  // The control loop, until the run has ended, paused for good, was handed over, or goes on by another
  // manifest: then next() is what another RunDriver is to do, with what is left of the options.
  Result<void> run();
  std::optional<std::pair<Assignment, DriveOptions>> next() { return std::exchange(next_, std::nullopt); }

  // Of the thread that calls run(), while it is called or before.
  EventLoop& loop() { return loop_; }
  // From any thread.
  std::future<Gateway::Answer> tell(Command command) { return gateway_.ask(std::move(command)); }

  const RunDirectory& directory() const { return *directory_; }
  const ResultsVolume& volume() const { return volume_; }
  Status status() const;
  bool handed_over() const;
  const std::string& run_id() const { return journal_->run().id; }

 private:
  Result<void> find_engine();
  Result<void> check_before_start();
  Result<void> open_run();
  Result<RunRecord> begin_run();
  Result<void> make_controller();

  // run_driver_change.cpp: another manifest for a run that is there
  struct StagedApply {
    std::string name, who;
    std::promise<Gateway::Answer> answer;
  };
  std::future<Gateway::Answer> ask_to_apply(const std::string& name, const std::string& who);
  Gateway::Answer apply_staged(const StagedApply& request);
  Result<void> go_on_by_this_study();
  Result<void> reuse_what_is_done();
  void know_earlier_designs();
  const Experiments::Design* earlier_design(uint32_t generation);

  Result<void> take_turn();
  Result<void> write_run_summary() const;
  void apply_retention();
  void forget_secrets();
  // Of the machine and the engine, as it is now; and what of it changed since the run was made.
  std::map<std::string, std::string> environment() const;
  Result<void> note_environment();
  Result<void> enter();
  void watch_stop_file();
  RunPlan run_plan() const;
  std::function<void(std::function<void()>)> poster();

  std::unique_ptr<LoadedStudy> study_;
  ResultsVolume volume_;
  const std::optional<RunSummary> again_;
  const bool is_relay_;
  LiveRuns& live_;
  Seat* const seat_;
  DriveOptions options_;
  SystemClock clock_;
  EventLoop loop_;
  std::optional<Metrics> run_figures_;
  RunMetrics metrics_;
  Mailbox<std::function<void()>> posted_;
  Gateway gateway_;
  Mailbox<StagedApply> staged_;
  std::optional<std::pair<Assignment, DriveOptions>> next_;
  struct Earlier {
    std::unique_ptr<LoadedStudy> study;  // null: it cannot be read
    std::optional<Experiments::Design> design;
  };
  std::map<uint32_t, Earlier> earlier_;  // by generation
  SecretSources secrets_;
  std::unique_ptr<Experiments> experiments_;
  std::unique_ptr<Engine> engine_;
  Inventory inventory_;
  bool is_carried_ = false;  // results, where the engine is a cluster
  ImageDigests images_;
  std::string note_;  // what was reused
  std::optional<RunDirectory> directory_;
  std::optional<SqliteJournal> journal_;
  std::unique_ptr<ReservedJournal> reserved_;
  std::unique_ptr<RunReport> report_;
  std::unique_ptr<VolumeWorkspace> workspace_;
  std::unique_ptr<Controller> controller_;
  std::optional<log::ThreadFile> log_;
  bool has_entered_ = false;
  std::unique_ptr<Workers> workers_;  // last: its threads post to what is above
};

// Runs one controller after the other, as long as one says what the next is to do; `begin` makes it.
Result<void> run_in_turn(std::optional<RunDriver>& driver,
                         const std::function<Result<void>(Assignment, DriveOptions)>& begin);

}  // namespace studyctl
