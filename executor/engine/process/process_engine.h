#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/devices/machine_devices.h"
#include "engine/docker/device_census.h"
#include "engine/engine.h"
#include "engine/process/process_attempt.h"
#include "engine/process/supervisor_link.h"

namespace studyctl {

// "process://HOST": this machine, as an Inventory's endpoint.
std::string process_endpoint();

struct ProcessEngineOptions {
  std::filesystem::path directory;  // of the supervisor, private to this user; made where it is not there
  std::string program = "/proc/self/exe";
  ProcessOptions process{};
  std::function<bool(const std::string& run)> is_of_another{};  // see EngineRequest
  MachineDevices::Places devices{};
  // Container engines of this machine whose containers may hold devices, beside those at known places.
  std::vector<std::string> other_sockets{};
};

// Runs attempts as plain processes of this machine, by a supervisor that outlives it. Images are not used.
// Control thread only. Destroying it leaves the processes as they are.
class ProcessEngine final : public Engine {
 public:
  // `loop` must outlive it. Unavailable: the directory cannot be had.
  static Result<std::unique_ptr<ProcessEngine>> make(EventLoop& loop, ProcessEngineOptions options,
                                                     ObservationSink sink);
  ~ProcessEngine() override;

  void inspect(std::function<void(Result<Inventory>)> done) override;
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
  struct Resync {
    std::vector<Expected> expected;
    std::function<void(Result<void>)> done;
  };
  ProcessEngine(EventLoop& loop, ProcessEngineOptions options, ObservationSink sink);
  ProcessAttempt& add(const AttemptSpec& spec);
  void answer_inspections();
  void warn_of_limits(const AttemptSpec& spec);
  void later(std::function<void()> act);
  void tell(Observation observation);
  void on_connected();
  void ask_for_list();
  void on_news(const ProcessNews& news);
  void on_listed();

  EventLoop& loop_;
  ProcessEngineOptions options_;
  ObservationSink sink_;
  Sampler sampler_;
  KernelLog kernel_;
  DeviceCensus census_;
  MachineDevices devices_;
  std::map<AttemptId, std::unique_ptr<ProcessAttempt>> attempts_;
  SupervisedProcesses listed_;  // while a list comes in
  int lists_ = 0;               // that were asked for on this connection, and have not come
  std::vector<std::function<void(Result<Inventory>)>> inspections_;
  std::optional<Resync> resync_;
  std::string no_limits_;  // why limits cannot be kept
  bool has_warned_of_limits_ = false, has_warned_of_images_ = false;
  std::map<uint64_t, EventLoop::Token> later_;
  uint64_t next_later_ = 0;
  std::unique_ptr<SupervisorLink> link_;
};

}  // namespace studyctl
