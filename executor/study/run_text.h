#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/catalog.h"
#include "store/volume_lock.h"

// How the things of a run are said to people: states, counts, times.
namespace studyctl {

// The state to show: Interrupted where the run is not at its end and nobody drives it.
RunState shown_state(const RunSummary& run, const std::optional<LockHolder>& holder);
// True for a run that may go on by `apply` and `resume` although nobody drives it.
bool is_unfinished(RunState state);
// What may be done with a run that nobody drives any more; empty when all is done.
std::string next_step(RunState state, const std::string& study);

using RepetitionCounts = std::array<uint64_t, kRepetitionStates>;
using ReasonCounts = std::array<uint64_t, kReasons>;

uint64_t count_in(const RunSummary& run, RepetitionState state);
// Those that are at their end, whatever it is.
uint64_t count_done(const RepetitionCounts& counts);
// "10 succeeded, 2 failed, 28 waiting"
std::string counts_text(const RepetitionCounts& counts);
// "2 Timeout, 1 Error": why attempts ended that did not succeed.
std::string reasons_text(const ReasonCounts& reasons);

// "2026-11-22T14:30:05Z", empty for none.
std::string instant_text(const std::optional<Instant>& at);
// "3m 20s", empty where it has not begun.
std::string took_text(const std::optional<Instant>& from, const std::optional<Instant>& to, Instant now);
// Of a run: until it ended, or until it was driven last.
std::string took_text(const RunSummary& run, const std::optional<LockHolder>& holder, Instant now);
// "5m ago"
std::string ago_text(Instant at, Instant now);
std::string seconds_text(double seconds);
// "3h of wall time, 12h of cores, 3h of devices"
std::string usage_text(const Catalog::Usage& usage);

// "1 run", "2 runs"
std::string counted(uint64_t count, const std::string& what);

}  // namespace studyctl
