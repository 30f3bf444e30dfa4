#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/mailbox.h"
#include "cli/preflight.h"
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
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"

namespace studyctl {

// What a controller is to drive.
struct Assignment {
  std::unique_ptr<LoadedStudy> study;
  ResultsVolume volume;
  std::optional<RunSummary> again;  // the run that is gone on with; without it a new one begins
  std::optional<VolumeLock> lock;   // where it is held already, by the controller before in this process
};

// One controller with all its concrete parts, wired together here and nowhere else. The thread that calls it
// is the control thread.
class Service {
 public:
  Service(Assignment assignment, ServeOptions options);
  ~Service();

  // Finds the engine, looks whether all that the study needs is there, opens the run (or goes on with it, by
  // the manifest that the study is of) and takes the volume. Nothing was started when it fails; nothing was
  // made on the volume either, for a new run.
  Result<void> open();

  // The control loop, until the run has ended, paused for good, was handed over, or goes on by another
  // manifest: then next() is what another Service is to do, with what is left of the options.
  Result<void> run();
  std::optional<std::pair<Assignment, ServeOptions>> next() { return std::exchange(next_, std::nullopt); }

  const RunDirectory& directory() const { return *directory_; }
  const ResultsVolume& volume() const { return volume_; }
  Status status() const;
  bool handed_over() const;
  // "http://127.0.0.1:8080"; empty where it listens nowhere.
  std::string listens_at() const;
  // Calls back on the control thread for SIGHUP, when the terminal has gone.
  void on_hangup(std::function<void()> callback) { hung_up_ = std::move(callback); }

 private:
  Result<void> find_engine();
  Result<void> check_before_start();
  Result<void> open_run();
  Result<RunRecord> begin_run();
  Result<void> make_controller();

  // service_change.cpp: another manifest for a run that is there
  struct StagedApply {
    std::string name, who;
    std::promise<Gateway::Answer> answer;
  };
  Gateway::Answer ask_to_apply(const std::string& name, const std::string& who);
  Gateway::Answer apply_staged(const StagedApply& request);
  Result<void> go_on_by_this_study();
  Result<void> reuse_what_is_done();
  void know_earlier_designs();
  const Experiments::Design* earlier_design(uint32_t generation);

  Result<void> write_run_summary() const;
  // Of the machine and the engine, as it is now; and what of it changed since the run was made.
  std::map<std::string, std::string> environment() const;
  Result<void> note_environment();
  Result<void> open_control_channel();
  Result<void> listen();
  void watch_signals();
  void note_signal(int signal);
  void watch_stop_file();
  RunPlan run_plan() const;
  std::function<void(std::function<void()>)> poster();

  std::unique_ptr<LoadedStudy> study_;
  ResultsVolume volume_;
  const std::optional<RunSummary> again_;
  std::optional<VolumeLock> lock_;
  const bool is_relay_;
  ServeOptions options_;
  SystemClock clock_;
  Fd signals_;  // before the first thread
  EventLoop loop_;
  Mailbox<std::function<void()>> posted_;
  Gateway gateway_;
  Mailbox<StagedApply> staged_;
  std::optional<std::pair<Assignment, ServeOptions>> next_;
  struct Earlier {
    std::unique_ptr<LoadedStudy> study;  // null: it cannot be read
    std::optional<Experiments::Design> design;
  };
  std::map<uint32_t, Earlier> earlier_;  // by generation
  SecretSources secrets_;
  std::unique_ptr<Experiments> experiments_;
  std::unique_ptr<Engine> engine_;
  Inventory inventory_;
  ImageDigests images_;
  std::string note_;  // what was reused
  std::optional<RunDirectory> directory_;
  std::optional<SqliteJournal> journal_;
  std::unique_ptr<ReservedJournal> reserved_;
  std::unique_ptr<RunReport> report_;
  std::unique_ptr<VolumeWorkspace> workspace_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<Server> server_, monitor_;
  Server::Answer monitor_answer_;
  std::atomic<bool> is_monitored_{false};  // monitor_answer_ is there for every thread
  int interrupts_ = 0;
  std::function<void()> hung_up_;
  std::unique_ptr<Workers> workers_;  // last: its threads post to what is above
};

}  // namespace studyctl
