#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/allocation/allocation.h"
#include "engine/engine.h"
#include "engine/slurm/commands.h"

namespace studyctl {

struct AllocationSettings {
  Allocation allocation;
  std::string kind;                 // "slurm" or "process": by which word it was asked for
  std::filesystem::path directory;  // of the volume, where its processes are looked after
  // Makes what runs processes of this machine, in that directory, with the allocation's GPUs.
  std::function<Result<std::unique_ptr<Engine>>(ObservationSink)> processes;
};

// Packs attempts onto the allocation that this process is in (a pilot job): they are processes of this
// machine, without a scheduler's round trip each, with the room, the GPUs and the end of the allocation. A
// volume's attempts are in one allocation at a time: another one waits until that has ended, and goes on with
// what it left. Control thread only. Destroying it leaves the processes as they are.
class AllocationEngine final : public Engine {
 public:
  AllocationEngine(EventLoop& loop, AllocationSettings settings, ObservationSink sink);
  ~AllocationEngine() override;

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
  std::optional<Horizon> horizon() const override { return horizon_; }
  std::string command_line(const AttemptSpec& spec) const override;

 private:
  using Answer = std::function<void(const Result<std::string>&)>;
  void ask(const Allocation& allocation, Answer answer);
  void answer_inspections(const Result<Inventory>& answer);
  void look_for_holder();
  void on_holder(const Allocation& holder, const Result<std::string>& answer);
  void hold();
  void on_time_left(const Result<std::string>& answer);
  void watch_time();
  Inventory inventory_of(Inventory processes) const;

  EventLoop& loop_;
  AllocationSettings settings_;
  ObservationSink sink_;
  SlurmCommands timers_;
  std::unique_ptr<Engine> processes_;  // none before inspect() has found the allocation to be ours
  std::vector<int> cpus_;              // of this machine that are ours
  std::vector<std::function<void(Result<Inventory>)>> inspections_;
  std::map<uint64_t, std::unique_ptr<ProgramTask>> asking_;
  uint64_t next_question_ = 0;
  std::optional<Horizon> horizon_;
};

}  // namespace studyctl
