#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "http/routes.h"
#include "http/server.h"
#include "service/live_runs.h"

namespace studyctl {

// What the control channel says, said to these runs.
ControlDoor door_of(LiveRuns& live);

// How a process that drives a run is reached: by the commands of this machine, and by whoever may look at it.
class Channels {
 public:
  // `live` must outlive it.
  Channels(const ResultsVolume& volume, LiveRuns& live) : volume_(volume), live_(live) {}

  // Where the run may be looked at. Before a run begins: an address that cannot be had is no reason to have
  // one more run. Invalid: other machines could reach it.
  Result<void> listen(const std::string& address);
  // The control socket; from here on what listens tells of the run.
  Result<void> open();

  // "http://127.0.0.1:8080"; empty where it listens nowhere.
  std::string listens_at() const;
  // The run has ended: followers are told, and answered a last time.
  void finish();

 private:
  const ResultsVolume volume_;
  LiveRuns& live_;
  Metrics figures_{live_.page()};  // of what is answered
  std::string address_;
  Server::Answer answer_;
  std::atomic<bool> is_open_{false};  // answer_ is there for every thread
  std::unique_ptr<Server> control_, view_;
};

}  // namespace studyctl
