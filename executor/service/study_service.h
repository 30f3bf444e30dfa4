#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "http/desk.h"
#include "service/drive_options.h"
#include "service/live_runs.h"
#include "service/queue.h"
#include "service/run_driver.h"
#include "store/volume.h"
#include "study/changes.h"
#include "study/run_choice.h"
#include "study/study_source.h"
#include "study/submit_policy.h"

namespace studyctl {

struct ServiceOptions {
  DriveOptions drive;  // of every run, but for what an apply says of its own
  // How long runs are given to finish what they have begun when the service ends; 0: it is handed over, and
  // containers run on.
  Duration drain{0};
  SubmitPolicy policy;  // of what comes over the network
};

// The controller as a service: it holds a volume and drives all runs that are applied there, each on a thread
// of its own, in the order of a queue. Safe from any thread.
class StudyService final : public Desk {
 public:
  // Takes the volume, and up the runs that were on when the service before this one ended. Unavailable: there
  // is no engine. Conflict: somebody holds the volume.
  static Result<std::unique_ptr<StudyService>> open(const ResultsVolume& volume, ServiceOptions options);
  // Hands over what shut_down() has not ended.
  ~StudyService() override;

  // One at a time. Returns once the run is there, with all that it needs.
  Result<Applied> apply(ApplyRequest request) override;
  Result<Applied> again(const std::string& run, AgainRequest request) override;
  Result<void> remove(const std::string& run) override;
  // Waits for the answer. A run that nobody drives is taken up where that makes sense.
  Gateway::Answer tell(const std::string& run, const Command& command) override;

  // Lets runs finish what they have begun, for as long as the options say; then all of them are handed over.
  void shut_down();

  LiveRuns& live() { return *live_; }
  const ResultsVolume& volume() const { return volume_; }

 private:
  struct Drive;  // a run and its thread
  struct Begun {
    std::string run;
    std::future<Gateway::Answer> answer;  // to the command that it was begun for
  };

  StudyService(ResultsVolume volume, ServiceOptions options, Room machine, std::unique_ptr<LiveRuns> live);
  void take_up_unfinished();
  Result<void> take_up(const RunSummary& run);
  bool is_on(const RunSummary& run);
  DriveOptions options_for(const ChosenRun& chosen) const;
  Result<Applied> begin(ApplyRequest request, std::optional<RunSummary> again,
                        std::optional<Command> first = std::nullopt);
  Result<Applied> apply_to(const ChosenRun& newest, ApplyRequest request);
  Result<Applied> apply_to_live(const ChosenRun& live, const StudyChanges& changes, ApplyRequest request);
  Result<Begun> start(Assignment assignment, DriveOptions options, std::optional<Command> first);
  void drive(Drive& drive, Assignment assignment, const DriveOptions& options,
             const std::optional<Command>& first);
  bool is_ending();
  bool wait_to_try_again(Duration pause);
  void join_ended();

  const ResultsVolume volume_;
  const ServiceOptions options_;
  const Room machine_;
  std::unique_ptr<LiveRuns> live_;
  Queue queue_;
  std::mutex apply_mutex_;  // held for the whole of an apply
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::list<Drive> drives_;
};

}  // namespace studyctl
