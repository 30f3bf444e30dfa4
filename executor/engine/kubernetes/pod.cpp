#include "engine/kubernetes/pod.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "engine/docker/api_json.h"
#include "engine/json_read.h"
#include "engine/kubernetes/job_body.h"
#include "engine/kubernetes/object_json.h"

namespace studyctl {
namespace {

using nlohmann::json;
using Stage = PodVerdict::Stage;

constexpr int kSignals = 64;

PodContainer parse_container_status(const json& status) {
  PodContainer container;
  container.name = json_string(status, "name");
  container.id = json_string(status, "containerID");
  const std::string image = json_string(status, "imageID");
  const size_t digest = image.rfind("sha256:");
  if (digest != std::string::npos) container.image_digest = image.substr(digest);
  const json& state = json_child(status, "state");
  if (const json& waiting = json_child(state, "waiting"); waiting.is_object()) {
    container.waiting_reason = json_string(waiting, "reason");
    container.waiting_message = json_string(waiting, "message");
  }
  if (const json& running = json_child(state, "running"); running.is_object()) {
    container.is_running = true;
    container.started_at = parse_engine_time(json_string(running, "startedAt"));
  }
  if (const json& ended = json_child(state, "terminated"); ended.is_object()) {
    container.has_ended = true;
    container.exit_code = static_cast<int>(json_int(ended, "exitCode"));
    container.signal = static_cast<int>(json_int(ended, "signal"));
    container.end_reason = json_string(ended, "reason");
    container.end_message = json_string(ended, "message");
    container.started_at = parse_engine_time(json_string(ended, "startedAt"));
    container.finished_at = parse_engine_time(json_string(ended, "finishedAt"));
  }
  return container;
}

void read_conditions(const json& status, PodView& pod) {
  for (const json& condition : json_child(status, "conditions")) {
    const std::string type = json_string(condition, "type");
    const bool is_true = json_string(condition, "status") == "True";
    if (type == "PodScheduled" && !is_true) pod.unscheduled = printable(json_string(condition, "message"));
    if (type == "DisruptionTarget" && is_true)
      pod.disruption = json_string(condition, "reason") + ": " + printable(json_string(condition, "message"));
  }
}

PodView parse_pod(const json& object) {
  PodView pod;
  const json& metadata = json_child(object, "metadata");
  const json& labels = json_child(metadata, "labels");
  const json& status = json_child(object, "status");
  pod.name = json_string(metadata, "name");
  pod.uid = json_string(metadata, "uid");
  pod.attempt = json_string(labels, kAttemptLabel);
  pod.run = json_string(labels, kRunLabel);
  pod.is_leaving = !json_string(metadata, "deletionTimestamp").empty();
  pod.has_owner = !json_child(metadata, "ownerReferences").empty();
  pod.node = json_string(json_child(object, "spec"), "nodeName");
  pod.phase = json_string(status, "phase");
  pod.reason = json_string(status, "reason");
  pod.message = printable(json_string(status, "message"));
  read_conditions(status, pod);
  for (const json& one : json_child(status, "initContainerStatuses")) {
    PodContainer container = parse_container_status(one);
    const bool is_own = container.name.starts_with(kInitPrefix);
    if (container.name == kCarryIn) {
      pod.carry_in = std::move(container);
    } else {
      (is_own ? pod.init : pod.sidecars).push_back(std::move(container));
    }
  }
  for (const json& one : json_child(status, "containerStatuses")) {
    if (json_string(one, "name") == "main") pod.main = parse_container_status(one);
    if (json_string(one, "name") == kCarryOut) pod.carry_out = parse_container_status(one);
  }
  return pod;
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  for (const std::string_view one : words) {
    if (word == one) return true;
  }
  return false;
}

std::string with_message(const std::string& text, const std::string& message) {
  return message.empty() ? text : text + ": " + printable(message);
}

// What the cluster itself says it ended the pod for; nothing when it did not.
std::optional<PodVerdict> verdict_of_cluster(const PodView& pod) {
  PodVerdict verdict{Stage::Exited, Reason::Interrupted, with_message(pod.reason, pod.message)};
  if (pod.reason == "Evicted") {
    verdict.reason = Reason::Evicted;
  } else if (pod.reason == "DeadlineExceeded") {
    verdict.reason = Reason::Timeout;
  } else if (!pod.disruption.empty()) {
    verdict.reason = Reason::Evicted;
    verdict.message = pod.disruption;
  } else if (pod.reason.empty()) {
    return std::nullopt;
  }
  return verdict;
}

int signal_of(const PodContainer& main) {
  if (main.signal > 0) return main.signal;
  return main.exit_code > 128 && main.exit_code <= 128 + kSignals ? main.exit_code - 128 : 0;
}

PodVerdict verdict_of_end(const PodView& pod) {
  const PodContainer& main = pod.main;
  if (is_one_of(main.end_reason, {"ContainerCannotRun", "StartError"}))
    return {Stage::Refused, Reason::CreateError, with_message("main cannot be run", main.end_message)};
  PodVerdict verdict{Stage::Exited, Reason::Error, {}, main.exit_code, signal_of(main), {}};
  const bool is_oom = main.end_reason == "OOMKilled";
  if (main.exit_code == 0) {
    verdict.reason = Reason::Completed;
    if (is_oom) verdict.warnings.emplace_back("a process in it was killed at the memory limit");
    return verdict;
  }
  if (is_oom) {
    verdict.reason = Reason::OOMKilled;
    verdict.message = "killed at the memory limit";
    return verdict;
  }
  if (const auto said = verdict_of_cluster(pod)) {
    verdict.reason = said->reason;
    verdict.message = said->message;
  } else if (verdict.signal == 9 && !pod.is_leaving) {
    verdict.signal = 0;
    verdict.message = "killed (137), cause unknown";
  } else if (verdict.signal != 0) {
    verdict.message = "ended by signal " + std::to_string(verdict.signal);
  } else {
    verdict.message = "exited with code " + std::to_string(main.exit_code);
  }
  return verdict;
}

// Of a container that waits: for what, or why that may be for ever.
PodVerdict verdict_of_waiting(const PodContainer& container) {
  const std::string& reason = container.waiting_reason;
  const std::string text = with_message(reason, container.waiting_message);
  if (is_one_of(reason, {"InvalidImageName", "ErrImageNeverPull"}))
    return {Stage::Refused, Reason::ImagePull, text};
  if (is_one_of(reason, {"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"}))
    return {Stage::Stuck, Reason::ImagePull, text};
  if (is_one_of(reason, {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}))
    return {Stage::Stuck, Reason::CreateError, text};
  return {Stage::Waiting, Reason::Completed, text};
}

// What carries its files cannot begin, or has failed: main does not run without it.
std::optional<PodVerdict> verdict_of_carrying(const PodView& pod) {
  if (pod.carry_in && pod.carry_in->has_ended && pod.carry_in->exit_code != 0)
    return PodVerdict{Stage::Refused, Reason::CreateError,
                      with_message("its files could not be carried to its pod: carry-in exited " +
                                       std::to_string(pod.carry_in->exit_code),
                                   pod.carry_in->end_message)};
  if (pod.carry_in && pod.carry_in->is_running)
    return PodVerdict{Stage::Waiting, Reason::Completed, "its files are carried to its pod"};
  for (const auto* carrier : {&pod.carry_in, &pod.carry_out}) {
    if (!*carrier || (*carrier)->waiting_reason.empty() || (*carrier)->waiting_reason == "PodInitializing")
      continue;
    auto verdict = verdict_of_waiting(**carrier);
    verdict.message = "what carries its files: " + verdict.message;
    if (verdict.stage != Stage::Waiting) return verdict;
  }
  return std::nullopt;
}

// A sidecar that main waits for, and perhaps for ever.
std::optional<PodVerdict> verdict_of_sidecars(const PodView& pod) {
  for (const PodContainer& sidecar : pod.sidecars) {
    if (sidecar.waiting_reason.empty() || sidecar.waiting_reason == "PodInitializing") continue;
    auto verdict = verdict_of_waiting(sidecar);
    if (sidecar.waiting_reason == "CrashLoopBackOff")
      verdict = {Stage::Stuck, Reason::CreateError, verdict.message};
    verdict.message = "sidecar " + sidecar.name + ": " + verdict.message;
    if (verdict.stage != Stage::Waiting) return verdict;
  }
  return std::nullopt;
}

// The init container that failed, or that is on.
std::optional<PodVerdict> verdict_of_init(const PodView& pod) {
  if (auto carrying = verdict_of_carrying(pod)) return carrying;
  if (auto waiting = verdict_of_sidecars(pod)) return waiting;
  for (size_t i = 0; i < pod.init.size(); ++i) {
    const PodContainer& init = pod.init[i];
    const std::string name = "init container " + std::to_string(i);
    if (init.has_ended && init.exit_code == 0) continue;
    if (init.has_ended) {
      const bool is_oom = init.end_reason == "OOMKilled";
      return PodVerdict{
          Stage::Refused, Reason::Error,
          name + (is_oom ? " was killed at the memory limit" : " exited " + std::to_string(init.exit_code))};
    }
    if (init.is_running) return PodVerdict{Stage::Waiting, Reason::Completed, "runs " + name};
    if (!init.waiting_reason.empty() && init.waiting_reason != "PodInitializing") {
      auto verdict = verdict_of_waiting(init);
      verdict.message = name + ": " + verdict.message;
      return verdict;
    }
    break;
  }
  return std::nullopt;
}

}  // namespace

PodVerdict verdict_of(const PodView& pod) {
  if (pod.main.has_ended) return verdict_of_end(pod);
  if (const auto init = verdict_of_init(pod); init && init->stage == Stage::Refused) return *init;
  if (pod.phase == "Failed" || pod.phase == "Succeeded") {
    auto verdict = verdict_of_cluster(pod);
    if (verdict && verdict->reason == Reason::Evicted) return *verdict;
    return {Stage::Lost, Reason::Interrupted,
            verdict ? verdict->message : "the cluster ended its pod without a word"};
  }
  if (pod.main.is_running) return {Stage::Running, Reason::Completed, {}};
  if (!pod.unscheduled.empty()) return {Stage::Waiting, Reason::Completed, pod.unscheduled};
  if (const auto init = verdict_of_init(pod)) return *init;
  if (pod.node.empty()) return {Stage::Waiting, Reason::Completed, "waits for a node"};
  if (!pod.main.waiting_reason.empty()) return verdict_of_waiting(pod.main);
  return {Stage::Waiting, Reason::Completed, "waits for node " + pod.node};
}

bool is_any_running(const PodView& pod) {
  const auto is_on = [](const PodContainer& one) { return one.is_running; };
  // What carries its results away ends by itself, and nothing is lost of what has been settled.
  const bool is_carried = (pod.carry_in && pod.carry_in->is_running) ||
                          (pod.carry_out && pod.carry_out->is_running && !pod.main.has_ended);
  const bool is_beside = !pod.main.has_ended && std::any_of(pod.sidecars.begin(), pod.sidecars.end(), is_on);
  return is_carried || is_beside || pod.main.is_running ||
         std::any_of(pod.init.begin(), pod.init.end(), is_on);
}

Duration least_grace(const PodView& pod) {
  return is_any_running(pod) ? std::chrono::seconds(1) : Duration(0);
}

bool is_being_made(const PodView& pod) {
  return !pod.node.empty() && !is_any_running(pod) && verdict_of(pod).stage == PodVerdict::Stage::Waiting;
}

PodChange parse_pod_change(std::string_view line) {
  return parse_object_change<PodView>(line, parse_pod);
}

Result<PodList> parse_pod_list(std::string_view text) {
  return parse_object_list<PodView>(text, "pods", parse_pod);
}

}  // namespace studyctl
