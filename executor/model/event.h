#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "model/conditions.h"
#include "model/states.h"

namespace studyctl {

struct MetricValue {
  std::string name;
  double value = 0;
  std::string unit;
};

// A new plan was accepted: `experiments` × `cycles` repetitions, all Waiting. Those of the generation before
// leave, unless they are carried; what runs of them finishes.
struct GenerationOpened {
  uint32_t generation;
  uint64_t experiments;
  uint32_t cycles;
};
// The experiment that was number `index` of `generation` is number `to` of the one that is open, with all
// that became of it; what was cancelled waits again. `cycles` of it are planned.
struct ExperimentCarried {
  uint32_t generation;
  uint64_t index;
  uint64_t to;
  uint32_t cycles;
};
// So many cycles of every experiment are planned from here on. What runs beyond them finishes.
struct CyclesChanged {
  uint32_t cycles;
};
// One more cycle of an experiment is planned, the next after those that are: `repeatUntil`.
struct RepetitionAdded {
  RepetitionKey key;
};
// Its container is about to be made.
struct AttemptIntended {
  AttemptKey key;
  std::string cpus;
};  // pinned to these ("0-3"); empty: not pinned
// Its container is about to be started.
struct AttemptStarting {
  AttemptKey key;
  std::string container;
  std::string image_digest;
  std::vector<std::string> devices;
};
struct AttemptRunning {
  AttemptKey key;
  Instant started_at;
};
// It is about to be stopped for `reason`: whatever its container then does, that is why it ended.
struct AttemptStopping {
  AttemptKey key;
  Reason reason;
  std::string message;
};
// What a repetition's attempts may use since a retry rule let it grow; 0: what the study says.
struct GrownLimits {
  int64_t memory_bytes = 0;
  Duration run_timeout{0};

  bool operator==(const GrownLimits&) const = default;
};
struct AttemptEnded {
  AttemptKey key;
  Reason reason = Reason::Completed;
  Verdict verdict = Verdict::Succeeded;
  bool counted = true;  // counts against the retry limit
  Duration backoff{0};  // Retry: not before this has passed
  int exit_code = 0;
  Duration duration{0};  // of main; 0 when it never ran
  std::string message;
  std::vector<MetricValue> metrics;
  std::vector<std::string> warnings;  // "metric energy: out.dat: no such file"
  Conditions conditions{};            // of the machine meanwhile; read back with its flags alone
  GrownLimits grown{};                // of the attempts that follow
};
// Failed, Infeasible or Cancelled repetitions wait again, their failure count kept: `retry`.
struct RepetitionReset {
  RepetitionKey key;
};
// A waiting repetition is not run: `skip`.
struct RepetitionSkipped {
  RepetitionKey key;
  std::string who;
  std::string why;
};
// A waiting repetition is done: an attempt of an earlier run did just the same.
struct RepetitionCached {
  AttemptKey key;   // its number is that of the attempt in `run`
  std::string run;  // the directory of the run it ran in: "nmr/2026-11-22_14-30-05"
  Instant started_at;
  Duration duration{0};
  std::string image_digest;
  std::vector<std::string> devices;
  std::vector<MetricValue> metrics;
  Conditions conditions{};  // of the machine then; not read back
};
// The run moved. `then`: what Stopping or Cancelling becomes once nothing runs. Into Cancelled: all that wait
// are Cancelled.
struct RunStateChanged {
  RunState state;
  std::string message;
  RunState then = RunState::Stopped;
};
// A command or a signal that was asked of the run, and by whom ("uid 1000 pid 4711: stop").
struct CommandAccepted {
  std::string who;
  std::string command;
};
struct CooldownBegan {
  Duration length;
  bool between_cycles;
  std::vector<std::string> devices{};  // these rest, the others need not; none: nothing starts
};
// The threshold counts from here on: `resume`.
struct ThresholdRebased {};

// The repetitions of the pilot are over: from here on all others may start.
struct PilotEnded {};

using Fact = std::variant<GenerationOpened, ExperimentCarried, CyclesChanged, RepetitionAdded,
                          AttemptIntended, AttemptStarting, AttemptRunning, AttemptStopping, AttemptEnded,
                          RepetitionReset, RepetitionSkipped, RepetitionCached, RunStateChanged,
                          CommandAccepted, CooldownBegan, ThresholdRebased, PilotEnded>;

// One fact about the past, the only thing recorded. `seq` counts from 1 within a run. `steady` is not
// recorded: at recovery it is now less the wall time that has passed since `at`, so that deadlines go on.
struct Event {
  uint64_t seq = 0;
  Instant at;
  Steady steady;
  Fact fact;
};

}  // namespace studyctl
