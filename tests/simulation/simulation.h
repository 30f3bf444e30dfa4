#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/controller.h"
#include "control/fake_engine.h"
#include "control/fakes.h"
#include "simulation/dice.h"
#include "simulation/invariants.h"
#include "simulation/random_study.h"

namespace studyctl {

// One random study on a machine where everything goes wrong for a while, then nothing any more: the engine
// answers late, twice or never, loses containers and restarts; the controller dies between any two steps; the
// wall clock jumps; the disk fills up; users stop, pause, cancel, retry and skip, and apply other plans. The
// same seed gives the same run.
class Simulation {
 public:
  struct Report {
    std::vector<std::string> violations;
    uint64_t trace = 0;
    uint64_t steps = 0;
    uint64_t crashes = 0;
    uint64_t events = 0;
    uint64_t changes = 0;  // of the plan
    RunState state = RunState::Pending;
  };

  explicit Simulation(uint64_t seed);
  Report run();

 private:
  void step();
  void step_world();
  bool step_engine();
  void step_controller();
  void step_time();
  void end_workloads();
  void misfortune();
  void break_engine();
  void break_machine();
  void user();
  void begin();
  void change_plan();
  void die();
  void after_end();
  void calm_down();
  bool is_due() const;
  AttemptId pick(const std::vector<AttemptId>& from) { return from.at(dice_.below(from.size())); }

  uint64_t seed_;
  Dice dice_;
  RandomStudy random_;
  uint64_t chaos_;  // so many steps
  uint64_t steps_ = 0;
  uint64_t crashes_ = 0, changes_ = 0;
  int goes_on_ = 0, retries_ = 0;
  bool done_ = false;
  std::map<uint64_t, uint32_t> known_;  // experiments that were begun, with the plan that had them last
  bool woken_ = true;
  Steady look_around_at_{};
  std::optional<Command> first_;  // what the next controller is asked at once

  FakeClock clock_;
  Trap trap_;
  MemoryJournal journal_;
  FakeEngine engine_{clock_, journal_};
  FakeWorkspace workspace_{journal_};
  FakePublisher published_;
  Invariants invariants_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Controller> controller_;
};

}  // namespace studyctl
