#include "engine/docker/exit_cause.h"

#include "base/text.h"

namespace studyctl {
namespace {

constexpr int kSigKill = 9;
constexpr int kSigTerm = 15;
// What Docker says of a container that ended while it was away itself, so that nobody learned the code
// (moby, daemon/daemon.go: restore()).
constexpr int kCodeNobodyKnows = 255;

bool has_oom_proof(const ContainerView& view, const ExitEvidence& evidence) {
  return view.oom_killed || evidence.oom_event || evidence.kernel_killed;
}

int signal_of(int exit_code) {
  return exit_code > 128 && exit_code <= 128 + 64 ? exit_code - 128 : 0;
}

std::string limit_text(const ContainerView& view) {
  return view.memory_limit > 0 ? " (" + human_bytes(view.memory_limit) + ")" : std::string();
}

void explain(const ContainerView& view, const ExitEvidence& evidence, Observation& observation) {
  const int signal = signal_of(view.exit_code);
  const bool is_kill = signal == kSigKill || signal == kSigTerm;
  if (view.exit_code == 0) {
    observation.reason = Reason::Completed;
    if (has_oom_proof(view, evidence))
      observation.warnings.push_back("a process in it was killed at the memory limit" + limit_text(view));
    return;
  }
  observation.reason = Reason::Error;
  if (evidence.killed_by_us && is_kill) {
    observation.message = "ended by the signal that studyctl sent";
  } else if (has_oom_proof(view, evidence)) {
    observation.reason = Reason::OOMKilled;
    observation.message = "killed at the memory limit" + limit_text(view);
  } else if (evidence.gpu) {
    observation.reason = evidence.gpu->first;
    observation.message = evidence.gpu->second;
  } else if (evidence.engine_restarted && (is_kill || view.exit_code == kCodeNobodyKnows)) {
    observation.reason = Reason::Interrupted;
    observation.message = "the container engine was restarted while it ran";
  } else if (evidence.killed_by_other || (evidence.signalled_by_other && is_kill)) {
    observation.reason = Reason::Interrupted;
    observation.message = "somebody else stopped or killed it through the container engine";
  } else if (signal == kSigKill) {
    observation.message = "killed (137), cause unknown";
  } else if (signal != 0) {
    observation.message = "ended by signal " + std::to_string(signal);
  } else {
    observation.message = "exited with code " + std::to_string(view.exit_code);
  }
}

}  // namespace

bool is_unexplained(const ContainerView& view, const ExitEvidence& evidence) {
  const int signal = signal_of(view.exit_code);
  if (signal != kSigKill && signal != kSigTerm && view.exit_code != kCodeNobodyKnows) return false;
  return !evidence.killed_by_us && !evidence.killed_by_other && !evidence.signalled_by_other &&
         !has_oom_proof(view, evidence);
}

Observation exited_observation(const AttemptId& attempt, const ContainerView& view,
                               const ExitEvidence& evidence) {
  Observation observation;
  observation.attempt = attempt;
  observation.phase = Observation::Phase::Exited;
  observation.exit_code = view.exit_code;
  if (evidence.log_was_cut)
    observation.warnings.emplace_back(
        "the container engine was restarted while it ran: its log may lack what it said meanwhile");
  observation.signal =
      is_unexplained(view, evidence) && !evidence.engine_restarted ? 0 : signal_of(view.exit_code);
  observation.container = view.id;
  observation.image_digest = view.image_id;
  observation.started_at = view.started_at;
  observation.finished_at = view.finished_at;
  explain(view, evidence, observation);
  return observation;
}

}  // namespace studyctl
