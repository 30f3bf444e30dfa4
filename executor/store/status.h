#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/signature.h"
#include "model/states.h"
#include "store/process_identity.h"

namespace studyctl {

// "41 of 44: CUDA out of memory"
std::string text_of(const Signatures::Share& share, uint64_t failures);

// One run as the world sees it: status.json. Bounded: its size does not grow with the study.
struct Status {
  static constexpr size_t kMostCurrent = 32;
  static constexpr size_t kMostFailures = 10;
  static constexpr size_t kMostWaitingFor = 8;
  static constexpr size_t kMostSignatures = 5;

  struct Current {
    std::string experiment;
    std::string parameters;  // JSON object
    uint32_t cycle = 1;
    uint32_t attempt = 1;
    RepetitionState state = RepetitionState::Running;  // or Starting
    std::string device;                                // "GPU 0", "" for none
    std::optional<Instant> started_at;
    std::optional<double> progress;  // 0 … 1, as the workload tells
    std::string message;             // what it tells, or what it waits for
  };
  struct Failure {
    std::string experiment;
    std::string parameters;  // JSON object
    uint32_t cycle = 1;
    Reason reason = Reason::Error;
    std::string message;
    Instant at;
  };

  std::string study;
  std::string run_id;
  RunState state = RunState::Pending;
  std::string state_reason;
  std::optional<Instant> started_at;
  Instant updated_at;
  std::optional<Instant> finished_at;
  uint64_t total = 0;
  uint64_t completed = 0;
  uint64_t failed = 0;
  std::array<uint64_t, kRepetitionStates> counts{};  // of repetitions
  std::array<uint64_t, kReasons> reasons{};          // of attempts that ended; Completed included
  std::vector<Current> current;                      // more than kMostCurrent: the first ones are shown
  std::vector<Failure> failures;                     // oldest first; the last kMostFailures are shown
  std::vector<Signatures::Share> signatures;         // what the most failures have in common, of all
  uint64_t failed_attempts = 0;                      // all that have one
  std::vector<std::string> quarantined;              // devices that are leased to nobody, each with why
  std::optional<Instant> cooldown_until;
  std::optional<double> avg_duration_seconds;  // of the last 10
  std::optional<double> eta_seconds;           // as likely over it as under; not until one finished
  std::optional<double> eta_p90_seconds;       // nine times in ten under it
  std::vector<std::string> waiting_for;        // sentences: why nothing more starts
  ProcessIdentity controller;
  Instant heartbeat_at;
};

std::string to_json(const Status& status);
// Invalid when it is not a status: a torn or foreign file.
Result<Status> status_from_json(std::string_view json);

enum class Liveness : uint8_t {
  Ended,  // the run's state is final
  Alive,
  Gone,  // it says that it goes on, but its controller is gone
};

// Where the controller ran in this boot of this host, its process tells; else its heartbeat: gone after 30 s
// without.
Liveness liveness_of(const Status& status, Instant now);

// The state to show: Interrupted where the controller is gone.
RunState shown_state(const Status& status, Instant now);

}  // namespace studyctl
