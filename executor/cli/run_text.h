#pragma once

#include <optional>
#include <string>

#include "cli/run_choice.h"
#include "store/catalog.h"
#include "store/volume_lock.h"

namespace studyctl {

// The state to show: Interrupted where the run is not at its end and nobody drives it.
RunState shown_state(const RunSummary& run, const std::optional<LockHolder>& holder);

uint64_t count_in(const RunSummary& run, RepetitionState state);
// Those that are at their end, whatever it is.
uint64_t count_done(const RunSummary& run);
// "10 succeeded, 2 failed, 28 waiting"
std::string counts_text(const RunSummary& run);

// "2026-11-22T14:30:05Z", empty for none.
std::string instant_text(const std::optional<Instant>& at);
// "3m 20s", empty where it has not begun.
std::string took_text(const std::optional<Instant>& from, const std::optional<Instant>& to, Instant now);
// "5m ago"
std::string ago_text(Instant at, Instant now);

// "1 run", "2 runs"
std::string counted(uint64_t count, const std::string& what);

}  // namespace studyctl
