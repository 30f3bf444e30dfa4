#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mailbox.h"
#include "cli/secret_sources.h"
#include "cli/serve.h"
#include "control/controller.h"
#include "control/experiments.h"
#include "control/gateway.h"
#include "control/run_report.h"
#include "control/volume_workspace.h"
#include "http/server.h"
#include "io/event_loop.h"
#include "store/harvest/worker.h"
#include "store/reserved_journal.h"
#include "store/run_directory.h"
#include "store/sqlite_journal.h"

namespace studyctl {

// One controller with all its concrete parts, wired together here and nowhere else. The thread that calls it
// is the control thread.
class Service {
 public:
  Service(std::unique_ptr<LoadedStudy> study, ResultsVolume volume, ServeOptions options);
  ~Service();

  // Finds the engine, looks whether all that the study needs is there, opens the run (or goes on with
  // `again`) and takes the volume. Nothing was started when it fails; nothing was made on the volume either,
  // for a new run.
  Result<void> open(std::optional<RunSummary> again);

  // The control loop, until the run has ended, paused for good, or was handed over.
  Result<void> run();

  const RunDirectory& directory() const { return *directory_; }
  Status status() const;
  bool handed_over() const;
  // Calls back on the control thread for SIGHUP, when the terminal has gone.
  void on_hangup(std::function<void()> callback) { hung_up_ = std::move(callback); }

 private:
  Result<void> find_engine(const std::optional<RunSummary>& again);
  Result<void> check_before_start(const std::optional<RunSummary>& again);
  Result<void> open_run(const std::optional<RunSummary>& again);
  Result<RunRecord> begin_run();
  Result<void> keep_inputs();
  Result<void> make_controller();
  Result<void> open_control_channel();
  void watch_signals();
  void note_signal(int signal);
  void watch_stop_file();
  RunPlan run_plan() const;
  std::function<void(std::function<void()>)> poster();

  std::unique_ptr<LoadedStudy> study_;
  ResultsVolume volume_;
  ServeOptions options_;
  SystemClock clock_;
  Fd signals_;  // before the first thread
  EventLoop loop_;
  Mailbox<std::function<void()>> posted_;
  Gateway gateway_;
  SecretSources secrets_;
  std::unique_ptr<Experiments> experiments_;
  std::unique_ptr<Engine> engine_;
  Inventory inventory_;
  std::optional<VolumeLock> lock_;
  std::optional<RunDirectory> directory_;
  std::optional<SqliteJournal> journal_;
  std::unique_ptr<ReservedJournal> reserved_;
  std::unique_ptr<RunReport> report_;
  std::unique_ptr<VolumeWorkspace> workspace_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<Server> server_;
  int interrupts_ = 0;
  std::function<void()> hung_up_;
  std::unique_ptr<Workers> workers_;  // last: its threads post to what is above
};

}  // namespace studyctl
