#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/docker/container_maker.h"
#include "engine/docker/container_starter.h"
#include "engine/docker/exit_watch.h"
#include "engine/docker/stopper.h"

namespace studyctl {

// Runs an attempt's init containers, one after another, each made, started once and waited for; its log goes
// to init-<index>.log.
class InitRunner {
 public:
  struct Callbacks {
    std::function<void(const std::string& message)> progress;
    std::function<void()> done;  // all exited with 0
    std::function<void(Refusal)> failed;
  };

  // `attempt` must outlive it.
  InitRunner(EngineParts& parts, const AttemptSpec& attempt, Callbacks callbacks);

  void run();
  // Ends the one that runs; → failed with Cancelled.
  void stop(Duration grace);
  void on_event(const EngineEvent& event);
  // The engine was away: time to look.
  void hint();

 private:
  void next();
  void make();
  void start(const ContainerMaker::Made& made);
  void on_started(const ContainerView& view);
  void on_ended(const ContainerView& view);
  void fail(Reason reason, const std::string& message);

  EngineParts& parts_;
  const AttemptSpec& attempt_;
  Callbacks callbacks_;
  int index_ = -1;
  bool stopping_ = false;
  Duration grace_{0};
  std::unique_ptr<ContainerMaker> maker_;
  std::unique_ptr<ContainerStarter> starter_;
  std::unique_ptr<ExitWatch> watch_;
  std::unique_ptr<Stopper> stopper_;
  Calls calls_;
};

}  // namespace studyctl
