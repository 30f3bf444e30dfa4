#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/devices/quarantine.h"
#include "engine/docker/attempt.h"
#include "engine/docker/device_census.h"
#include "engine/docker/event_stream.h"
#include "engine/docker/parts.h"
#include "engine/docker/podman_service.h"
#include "engine/docker/remover.h"
#include "engine/engine.h"

namespace studyctl {

// Runs attempts as containers of a Docker Engine (API 1.41 to 1.55) or a Podman service (4.3 and newer), over
// its HTTP API. Control thread only. Destroying it leaves the containers as they are.
class DockerEngine final : public Engine {
 public:
  // `volume`: the UUID that all of our containers are labelled with. `loop` must outlive it.
  DockerEngine(EventLoop& loop, Endpoint endpoint, ObservationSink sink, std::string volume,
               DockerOptions options = {});
  ~DockerEngine() override;

  // The service that it talks to is its own, and ends with it.
  void own(std::unique_ptr<PodmanService> service);

  void inspect(std::function<void(Result<Inventory>)> done) override;
  Result<void> can_mount(const std::filesystem::path& directory) const override;
  void prepare_image(const std::string& image, PullPolicy policy,
                     std::function<void(Result<std::string>)> done) override;
  void create(const AttemptSpec& spec) override;
  void start(const AttemptId& attempt) override;
  void stop(const AttemptId& attempt, Duration grace) override;
  void forget(const AttemptId& attempt) override;
  void resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) override;
  void note_end(const std::vector<std::string>& devices, Reason reason, const std::string& message) override;
  std::vector<std::string> quarantined() const override;
  std::string command_line(const AttemptSpec& spec) const override;

 private:
  // A resync on its way: what has not been told yet.
  struct Resync {
    std::vector<Expected> expected;
    std::function<void(Result<void>)> done;
    std::set<AttemptId> open;
    bool listed = false;
  };
  DockerAttempt* find(const AttemptId& attempt);
  DockerAttempt& add(const AttemptSpec& spec);
  void tell(Observation observation);
  void tell_missing(const AttemptId& attempt, Reason reason = Reason::Lost,
                    std::string message = "the engine does not know it");
  bool is_of_earlier_boot(const ListedContainer& container) const;
  void deliver();
  void on_devices(const std::vector<Device>& devices);
  void on_event(const EngineEvent& event);
  void on_connected();
  void list();
  void compare(const std::vector<ListedContainer>& listed);
  bool is_of_another(const ListedContainer& container) const;
  void remove_strangers(const std::vector<ListedContainer>& listed);
  void on_resync_list(const HttpResponse& response);
  void resync_settled(const AttemptId& attempt);
  void end_resync();
  HttpRequest list_request() const;
  std::optional<Instant> engine_since();

  EventLoop& loop_;
  std::unique_ptr<PodmanService> service_;
  ObservationSink sink_;
  std::string volume_;
  DockerOptions options_;
  EngineApi api_;
  Images images_;
  StartThrottle throttle_;
  KernelLog kernel_;
  DeviceCensus census_;
  Sampler sampler_;
  MachineDevices devices_;
  EngineParts parts_;
  EventStream events_;
  std::unordered_map<AttemptId, std::unique_ptr<DockerAttempt>> attempts_;
  std::vector<Observation> told_;
  std::vector<std::function<void(Result<Inventory>)>> inspections_;
  std::unique_ptr<Resync> resync_;
  std::unique_ptr<Remover> reaper_;
  bool may_reap_ = false;  // everything of ours is known: what else bears our label is nobody's
  bool disconnected_ = false;
  std::optional<Instant> reconnected_at_;
  std::optional<std::optional<Instant>> engine_since_;  // as looked up since the events were last connected
  Calls calls_;
};

}  // namespace studyctl
