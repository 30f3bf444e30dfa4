#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

// The words that users see everywhere: what an attempt ended for, and where a repetition and a run stand.
namespace studyctl {

enum class Reason : uint8_t {
  Completed,
  Error,
  OOMKilled,
  Timeout,
  Stalled,
  PendingTimeout,
  ImagePull,
  CreateError,
  ResultMissing,
  CheckFailed,
  Lost,     // the engine no longer knows it
  Evicted,  // the cluster took it
  GpuOOM,
  GpuLost,      // a device was absent after the start, or fell off
  GpuFault,     // XID or ECC
  Cancelled,    // a user did
  Interrupted,  // engine, machine, allocation or preemption ended it
};
inline constexpr size_t kReasons = 17;

enum class RepetitionState : uint8_t {
  Waiting,
  Starting,
  Running,
  Succeeded,
  Failed,
  Infeasible,
  Cancelled,
  Skipped,
  Cached
};
inline constexpr size_t kRepetitionStates = 9;

// What is done with a repetition after an attempt ended; decided when the end is recorded, never again.
// Withdrawn: it was never started, since the run came to rest; it counts nowhere, and the repetition waits
// on.
enum class Verdict : uint8_t { Succeeded, Failed, Infeasible, Cancelled, Retry, Withdrawn };
inline constexpr size_t kVerdicts = 6;

enum class RunState : uint8_t {
  Pending,
  Running,
  Paused,
  Stopping,
  Stopped,
  Cancelling,
  Cancelled,
  Completed,
  CompletedWithFailures,
  Failed,
  Interrupted
};
inline constexpr size_t kRunStates = 11;

std::string_view name_of(Reason reason);
std::string_view name_of(RepetitionState state);
std::string_view name_of(RunState state);
std::string_view name_of(Verdict verdict);
std::optional<Reason> reason_named(std::string_view name);
std::optional<RepetitionState> repetition_state_named(std::string_view name);
std::optional<RunState> run_state_named(std::string_view name);
std::optional<Verdict> verdict_named(std::string_view name);

// The state that a repetition is in once an attempt ended so.
RepetitionState state_after(Verdict verdict);

// True for the states that nothing but a retry or a fresh run leaves.
bool is_final(RepetitionState state);
// True when no controller has anything left to do: Stopped, Cancelled, Completed, CompletedWithFailures,
// Failed.
bool is_final(RunState state);

}  // namespace studyctl
