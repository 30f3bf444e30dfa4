#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/host_process.h"
#include "engine/part_names.h"
#include "engine/process/process_lease.h"
#include "engine/process/supervised.h"
#include "engine/telemetry/kernel_log.h"

namespace studyctl {

// What an attempt needs of its engine.
struct ProcessAttemptParts {
  const ProcessOptions& options;
  std::function<void(const ProcessOrder&)> order;
  std::function<void(Observation)> tell;
  MachineDevices* devices = nullptr;  // null: there are none to lease
  Sampler* sampler = nullptr;         // null: nobody looks at the machine …
  KernelLog* kernel = nullptr;        // … nor at what the kernel says of GPUs
};

// What a supervisor knows, by name.
using SupervisedProcesses = std::map<std::string, SupervisedProcess>;

// One attempt on its way through a supervisor: its init containers, one after another, then its main one. The
// process of main has the attempt's name, an init container's that name and -i0, -i1, …. Calls are safe to
// repeat; control thread only.
class ProcessAttempt {
 public:
  ProcessAttempt(AttemptSpec spec, ProcessAttemptParts parts)
      : spec_(std::move(spec)), parts_(std::move(parts)) {}

  void create();
  void start();
  void stop(Duration grace);
  void forget();

  // Goes on where a dead controller left it.
  void adopt(const Engine::Expected& expected, const SupervisedProcesses& known);
  // The connection was lost: what was ordered since may not have arrived.
  void compare(const SupervisedProcesses& known);
  void on_news(const ProcessNews& news);

  bool has(const std::string& process) const { return process.starts_with(spec_.id.text); }
  bool is_gone() const { return stage_ == Stage::Gone; }

 private:
  enum class Stage : uint8_t { New, Init, Waiting, Created, Starting, Running, Over, Forgetting, Gone };

  std::string name_of_init(size_t index) const { return studyctl::name_of_init(spec_.id, index); }
  std::string current() const;
  Result<ProcessStart> start_order(const std::string& name, const ContainerSpec& container) const;
  void begin_init();
  void want_devices();
  void on_ready();
  void on_init_end(const SupervisedEnd& end);
  void on_running(const SupervisedProcess& process);
  void on_end(const SupervisedProcess& process);
  void forget_processes();
  void note_gpus(const SupervisedProcess& process, Observation& end);
  Conditions conditions_of(const SupervisedProcess& process);
  void refuse(Reason reason, std::string message);
  void miss(Reason reason, std::string message);
  Observation observation(Observation::Phase phase) const;

  AttemptSpec spec_;
  ProcessAttemptParts parts_;
  Stage stage_ = Stage::New;
  size_t init_ = 0;  // the container that runs at Stage::Init
  std::unique_ptr<ProcessLease> lease_;
  std::vector<std::string> devices_;  // that it leased, by name
  std::vector<std::string> warnings_;
  std::optional<Duration> stopping_;  // with this grace
  std::optional<Observation> told_;
};

}  // namespace studyctl
