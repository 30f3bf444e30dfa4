#include "cli/run_text.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {

RunState shown_state(const RunSummary& run, const std::optional<LockHolder>& holder) {
  if (is_final(run.state) || run.state == RunState::Paused) return run.state;
  return holder && holder->run == run.record.id ? run.state : RunState::Interrupted;
}

uint64_t count_in(const RunSummary& run, RepetitionState state) {
  return run.counts.at(static_cast<size_t>(state));
}

uint64_t count_done(const RunSummary& run) {
  uint64_t done = 0;
  for (size_t i = 0; i < kRepetitionStates; ++i)
    if (is_final(static_cast<RepetitionState>(i))) done += run.counts.at(i);
  return done;
}

std::string counts_text(const RunSummary& run) {
  std::string text;
  using enum RepetitionState;
  for (const RepetitionState state :
       {Succeeded, Cached, Failed, Infeasible, Cancelled, Skipped, Running, Starting, Waiting}) {
    if (const uint64_t count = count_in(run, state); count > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + lower(name_of(state));
  }
  return text;
}

std::string instant_text(const std::optional<Instant>& at) {
  return at ? format_instant(*at).substr(0, 19) + "Z" : "";
}

std::string took_text(const std::optional<Instant>& from, const std::optional<Instant>& to, Instant now) {
  return from ? human_duration(std::max(to.value_or(now) - *from, Duration(0))) : "";
}

std::string ago_text(Instant at, Instant now) {
  return human_duration(std::max(now - at, Duration(0))) + " ago";
}

std::string counted(uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace studyctl
