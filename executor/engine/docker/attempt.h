#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/docker/container_maker.h"
#include "engine/docker/container_starter.h"
#include "engine/docker/exit_cause.h"
#include "engine/docker/exit_watch.h"
#include "engine/docker/init_runner.h"
#include "engine/docker/log_capture.h"
#include "engine/docker/remover.h"
#include "engine/docker/stopper.h"

namespace studyctl {

// One attempt at an engine, from create() to Gone. It only moves forward, and tells each step once.
class DockerAttempt {
 public:
  using Tell = std::function<void(Observation)>;

  DockerAttempt(EngineParts& parts, AttemptSpec spec, Tell tell);

  void create();
  // Takes over what a dead controller left, by looking at it.
  enum class Intent : uint8_t { Created, Started };
  void adopt(Intent intent);
  void start();
  void stop(Duration grace);
  void forget();

  void on_event(const EngineEvent& event);
  // A listing, or the end of an outage, says that it may have changed.
  void look();

  bool is_running() const { return stage_ == Stage::Running; }
  // Tells its last observation again.
  void repeat();

 private:
  enum class Stage : uint8_t {
    New,
    Preparing,
    Created,
    Initializing,
    Starting,
    Running,
    Collecting,
    Ended,
    Leaving
  };

  void progress(const std::string& message);
  void on_made(const ContainerMaker::Made& made);
  void on_adopted(const HttpResponse& response);
  void tell_created();
  void start_main();
  ContainerStarter::Callbacks starter_callbacks();
  void on_started(const ContainerView& view);
  void prove_devices(const ContainerView& view);
  void watch(const ContainerView& view);
  void on_ended(const ContainerView& view);
  void note_gpus(const ContainerView& view);
  void note_engine_restart(const ContainerView& view);
  void settle();
  void collect(const ContainerView& view);
  void on_collected(const Result<void>& logs);
  void refuse(const Refusal& refusal);
  void miss(Reason reason, const std::string& message);
  void end_without(Observation::Phase phase, const Refusal& why);
  void drop_work();
  void leave();
  Observation observation(Observation::Phase phase) const;
  void tell(Observation observation);

  EngineParts& parts_;
  AttemptSpec spec_;
  Tell tell_;
  Stage stage_ = Stage::New;
  std::string container_, image_id_;
  bool is_known_ = false;  // container_ is an id, and it is ours
  std::vector<std::string> devices_;
  std::optional<Observation> last_;
  std::optional<Duration> stop_grace_;
  ExitEvidence evidence_;
  std::string lost_device_;
  std::vector<std::string> warnings_;  // that came before its end
  std::optional<ContainerView> end_;
  Conditions conditions_;
  std::unique_ptr<ContainerMaker> maker_;
  std::unique_ptr<InitRunner> init_;
  std::unique_ptr<ContainerStarter> starter_;
  std::unique_ptr<ExitWatch> watch_;
  std::unique_ptr<Stopper> stopper_;
  std::unique_ptr<LogCapture> logs_;
  std::unique_ptr<Remover> remover_;
  Calls calls_;
};

}  // namespace studyctl
