#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "control/core_pool.h"
#include "control/gateway.h"
#include "service/notifier.h"
#include "store/volume.h"

namespace studyctl {

// Waits for what a controller answers. Unavailable: it does not, or has ended first.
Gateway::Answer await_answer(std::future<Gateway::Answer>& answer);

// The runs of a volume that this process drives, for the threads that have something to say to them. It holds
// the volume. Safe from any thread.
class LiveRuns {
 public:
  struct Run {
    std::string study;
    std::filesystem::path directory;
    std::function<std::future<Gateway::Answer>(Command)> tell;
    // A manifest that lies staged on the volume under a name.
    std::function<std::future<Gateway::Answer>(const std::string& name, const std::string& who)> apply;
  };

  // Conflict names who holds the volume. `holder` says who is to be named to others.
  static Result<std::unique_ptr<LiveRuns>> take(const ResultsVolume& volume, LockHolder holder);

  // A run is this process's, before it has a controller here.
  Result<void> hold(const std::string& study, const std::string& run);
  bool holds(const std::string& run) const;
  // Whether somebody goes on with it, here or later: to a run of `study` what an engine has of it is no
  // stranger's. An earlier run of the same study is nobody's.
  bool spares(const std::string& run, const std::string& study) const;
  // A run's controller is there.
  Result<void> enter(const std::string& run, Run entry);
  // It is not; another one may come. Until release() the run is held by this process all the same.
  void leave(const std::string& run);
  void release(const std::string& run);
  // Whether it is held no more, by now or within this time.
  bool await_release(const std::string& run, Duration at_most);

  // From here on what runs have to tell is sent. Call once, before the first of them is there.
  void start_notifier(const ResultsVolume& volume, NotifierOptions options);
  // Null where nothing is sent.
  Notifier* notifier() { return notifier_.get(); }

  // What they measure of themselves.
  MetricsPage& page() { return page_; }

  CorePool& cores() { return cores_; }

  // Held by who removes runs, or makes one that points to others.
  std::mutex& history() { return history_; }

  std::vector<std::string> runs() const;
  std::vector<std::filesystem::path> directories() const;
  // All that are this process's, with those that have no controller at the moment.
  std::set<std::string> held() const;
  // Empty of a run that is not held.
  std::string study_of(const std::string& run) const;
  // Of the run that entered first; empty where there is none.
  std::filesystem::path first_directory() const;

  // Waits for the answer. NotFound: it is not driven here. Unavailable: it does not answer, or is no more.
  Gateway::Answer tell(const std::string& run, const Command& command);
  Gateway::Answer apply(const std::string& run, const std::string& staged, const std::string& who);

 private:
  LiveRuns(ResultsVolume volume, VolumeLock lock, LockHolder holder)
      : volume_(std::move(volume)), lock_(std::move(lock)), holder_(std::move(holder)) {}
  void look_for_unfinished();
  Result<void> write_holder();
  Gateway::Answer ask(const std::string& run,
                      const std::function<std::future<Gateway::Answer>(const Run&)>& put);

  CorePool cores_;
  MetricsPage page_;
  std::mutex history_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  const ResultsVolume volume_;
  VolumeLock lock_;
  LockHolder holder_;
  // Run → its study; none while they cannot be told.
  std::optional<std::map<std::string, std::string>> unfinished_;
  std::map<std::string, Run> runs_;
  std::unique_ptr<Notifier> notifier_;  // last: it needs the volume's lock
};

}  // namespace studyctl
