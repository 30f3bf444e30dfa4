#include "engine/slurm/ending.h"

#include <algorithm>
#include <charconv>
#include <csignal>

#include "base/text.h"
#include "engine/slurm/batch_script.h"

namespace studyctl {
namespace {

constexpr Duration kSignalIsEarly = std::chrono::seconds(120);

std::string note(const SlurmEnd& end, const char* name) {
  const auto found = end.notes.find(name);
  return found == end.notes.end() ? std::string() : found->second;
}

int number(const std::string& text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Instant> instant(const std::string& text) {
  const auto parsed = parse_instant(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

int signal_of(int exit_code) {
  return exit_code > 128 && exit_code <= 128 + 64 ? exit_code - 128 : 0;
}

std::string limit_text(const SlurmEnd& end) {
  return end.memory_limit ? " (" + human_bytes(*end.memory_limit) + ")" : std::string();
}

bool is_at_time_limit(const SlurmEnd& end, const Observation& seen) {
  if (const auto left = parse_time_left(note(end, "left"))) return *left <= end.grace + kSignalIsEarly;
  return end.run_timeout && seen.started_at && seen.finished_at &&
         *seen.finished_at - *seen.started_at >= *end.run_timeout;
}

void explain_failure(const SlurmEnd& end, Observation& seen) {
  const int signal = signal_of(seen.exit_code);
  const bool is_kill = signal == SIGKILL || signal == SIGTERM;
  seen.reason = Reason::Error;
  seen.signal = signal;
  if (end.stopped_by_us && is_kill) {
    seen.message = "ended by the signal that studyctl sent";
  } else if (number(note(end, "memory_kills")) > 0) {
    seen.reason = Reason::OOMKilled;
    seen.message = "killed at the memory limit" + limit_text(end);
  } else if (note(end, "told") == "REQUEUE") {
    seen.reason = Reason::Interrupted;
    seen.message = "was requeued in Slurm";
  } else if (note(end, "told") == "TERM" && is_at_time_limit(end, seen)) {
    seen.reason = Reason::Timeout;
    seen.message = "was ended at Slurm's time limit";
  } else if (note(end, "told") == "TERM") {
    seen.reason = Reason::Interrupted;
    seen.message = "Slurm told it to end before its time was over: preempted, or somebody asked for it";
  } else if (!note(end, "told").empty() && !end.stopped_by_us) {
    seen.reason = Reason::Interrupted;
    seen.message = "somebody else signalled it through Slurm";
  } else if (is_kill) {
    seen.signal = 0;
    seen.message = signal == SIGKILL ? "killed (137), cause unknown" : "ended by signal 15";
  } else if (signal != 0) {
    seen.message = "ended by signal " + std::to_string(signal);
  } else {
    seen.message = "exited with code " + std::to_string(seen.exit_code);
  }
}

Observation by_its_notes(const AttemptId& attempt, const SlurmEnd& end) {
  Observation seen;
  seen.attempt = attempt;
  seen.container = note(end, "job");
  if (const std::string refused = note(end, "refused"); !refused.empty()) {
    seen.phase = Observation::Phase::Refused;
    seen.reason = end.stopped_by_us ? Reason::Cancelled : reason_named(refused).value_or(Reason::CreateError);
    seen.message = note(end, "message");
    return seen;
  }
  seen.phase = Observation::Phase::Exited;
  seen.exit_code = number(note(end, "code"));
  seen.started_at = instant(note(end, "started"));
  seen.finished_at = instant(note(end, "finished"));
  if (seen.exit_code != 0) {
    explain_failure(end, seen);
  } else if (number(note(end, "memory_kills")) > 0) {
    seen.warnings.push_back("a process in it was killed at the memory limit" + limit_text(end));
  }
  return seen;
}

void explain_state(const SlurmEnd& end, Observation& seen) {
  const std::string& state = end.state;
  seen.exit_code = end.exit_code != 0 ? end.exit_code : 128 + SIGKILL;
  seen.reason = Reason::Error;
  if (end.stopped_by_us) {
    seen.message = "ended by the signal that studyctl sent";
  } else if (state == "OUT_OF_MEMORY") {
    seen.reason = Reason::OOMKilled;
    seen.message = "killed at the memory limit" + limit_text(end);
  } else if (state == "TIMEOUT" || state == "DEADLINE") {
    seen.reason = Reason::Timeout;
    seen.message = "was ended at Slurm's time limit";
  } else if (state == "CANCELLED") {
    seen.reason = Reason::Interrupted;
    seen.message = "somebody else cancelled it in Slurm";
  } else if (state == "FAILED") {
    seen.message = "its batch script was killed on the node" + (end.reason.empty() ? "" : ": " + end.reason);
  } else {
    seen.reason = Reason::Interrupted;
    seen.message = "Slurm ended it: " + state;
  }
  seen.signal = signal_of(seen.exit_code);
}

}  // namespace

Observation observation_of_end(const AttemptId& attempt, const SlurmEnd& end) {
  if (!end.notes.empty()) return by_its_notes(attempt, end);
  Observation seen;
  seen.attempt = attempt;
  if (!end.stopped_by_us && (end.state.empty() || end.state == "COMPLETED")) {
    seen.phase = Observation::Phase::Missing;
    seen.reason = Reason::Lost;
    seen.message = end.state.empty() ? "Slurm has forgotten it, and it left no note of its end"
                                     : "Slurm says COMPLETED, but it left no note of its end";
    return seen;
  }
  seen.phase = Observation::Phase::Exited;
  explain_state(end, seen);
  return seen;
}

Observation observation_of_never_run(const AttemptId& attempt, const SlurmEnd& end, const std::string& home) {
  Observation seen;
  seen.attempt = attempt;
  seen.phase = Observation::Phase::Missing;
  seen.reason = Reason::Interrupted;
  if (end.exit_code == kHomeNotSeen) {
    seen.phase = Observation::Phase::Refused;
    seen.reason = Reason::CreateError;
    seen.message = "the node does not see " + home + ": the results volume must lie where all nodes see it";
  } else if (end.state == "FAILED") {
    seen.phase = Observation::Phase::Refused;
    seen.reason = Reason::CreateError;
    seen.message = "Slurm could not run it" + (end.reason.empty() ? "" : ": " + end.reason);
  } else if (end.state == "CANCELLED") {
    seen.message = "somebody else cancelled it while it waited in Slurm's queue";
  } else {
    seen.message = end.state.empty() ? "Slurm no longer knows it, and it has not run"
                                     : "Slurm ended it before it began: " + end.state;
  }
  return seen;
}

std::optional<Duration> parse_time_left(const std::string& text) {
  const size_t dash = text.find('-');
  const std::string clock = dash == std::string::npos ? text : text.substr(dash + 1);
  if (clock.empty() || clock.find_first_not_of("0123456789:") != std::string::npos) return std::nullopt;
  std::chrono::seconds time{0};
  for (const std::string& part : split(clock, ':')) time = time * 60 + std::chrono::seconds(number(part));
  if (dash != std::string::npos) time += std::chrono::days(number(text.substr(0, dash)));
  return time;
}

}  // namespace studyctl
