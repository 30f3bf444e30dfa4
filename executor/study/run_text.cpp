#include "study/run_text.h"

#include <algorithm>

#include "base/text.h"
#include "model/energy.h"

namespace studyctl {
RunState shown_state(const RunSummary& run, const std::optional<LockHolder>& holder) {
  if (is_final(run.state) || run.state == RunState::Paused) return run.state;
  return holder && holder->drives(run.record.id) ? run.state : RunState::Interrupted;
}

bool is_unfinished(RunState state) {
  return !is_final(state) || state == RunState::Stopped || state == RunState::Failed;
}

std::string next_step(RunState state, const std::string& study) {
  std::string resume = "`studyctl resume " + study + "` goes on";
  const std::string retry = "`studyctl retry " + study;
  switch (state) {
    case RunState::Completed: return "";
    case RunState::CompletedWithFailures: return retry + "` runs again what failed";
    case RunState::Cancelled: return retry + " --state Cancelled` runs what was cancelled";
    case RunState::Paused:
    case RunState::Failed: return resume + "; " + retry + "` also runs again what failed";
    case RunState::Stopped: return resume;
    default: return resume + "; `studyctl cancel " + study + "` ends it";
  }
}

uint64_t count_in(const RunSummary& run, RepetitionState state) {
  return run.counts.at(static_cast<size_t>(state));
}

uint64_t count_done(const RepetitionCounts& counts) {
  uint64_t done = 0;
  for (size_t i = 0; i < kRepetitionStates; ++i)
    if (is_final(static_cast<RepetitionState>(i))) done += counts.at(i);
  return done;
}

std::string counts_text(const RepetitionCounts& counts) {
  using enum RepetitionState;
  std::vector<std::string> parts;
  for (const RepetitionState state :
       {Succeeded, Cached, Failed, Infeasible, Cancelled, Skipped, Running, Starting, Waiting})
    if (const uint64_t count = counts.at(static_cast<size_t>(state)); count > 0)
      parts.push_back(std::to_string(count) + " " + lower(name_of(state)));
  return join(parts, ", ");
}

std::string reasons_text(const ReasonCounts& reasons) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < kReasons; ++i)
    if (reasons.at(i) > 0 && static_cast<Reason>(i) != Reason::Completed)
      parts.push_back(std::to_string(reasons.at(i)) + " " + std::string(name_of(static_cast<Reason>(i))));
  return join(parts, ", ");
}

std::string instant_text(const std::optional<Instant>& at) {
  return at ? format_instant(*at).substr(0, 19) + "Z" : "";
}

std::string took_text(const std::optional<Instant>& from, const std::optional<Instant>& to, Instant now) {
  return from ? human_duration(std::max(to.value_or(now) - *from, Duration(0))) : "";
}

std::string took_text(const RunSummary& run, const std::optional<LockHolder>& holder, Instant now) {
  const bool is_driven = holder && holder->drives(run.record.id);
  return took_text(run.started_at, run.finished_at, is_driven ? now : run.updated_at);
}

std::string ago_text(Instant at, Instant now) {
  return human_duration(std::max(now - at, Duration(0))) + " ago";
}

std::string seconds_text(double seconds) {
  return human_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

std::string usage_text(const Catalog::Usage& usage) {
  std::string text = seconds_text(usage.wall_seconds) + " of wall time";
  if (usage.core_seconds > 0) text += ", " + seconds_text(usage.core_seconds) + " of cores";
  if (usage.cpu_seconds) text += ", " + seconds_text(*usage.cpu_seconds) + " of CPU used";
  if (usage.device_seconds > 0) text += ", " + seconds_text(usage.device_seconds) + " of devices";
  if (usage.energy_joules) text += ", " + energy_text(*usage.energy_joules);
  return text;
}

std::string counted(uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace studyctl
