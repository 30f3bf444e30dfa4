#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/kubernetes/object_watch.h"
#include "model/states.h"

// What a cluster says of a pod, and what that comes to. Reading never throws: what is absent or of another
// type is left at its default.
namespace studyctl {

struct PodContainer {
  std::string name;
  std::string waiting_reason, waiting_message;
  bool is_running = false;
  bool has_ended = false;
  int exit_code = 0;
  int signal = 0;
  std::string end_reason, end_message;
  std::optional<Instant> started_at, finished_at;
  std::string id;            // "docker://…"
  std::string image_digest;  // "docker://sha256:…" or "docker-pullable://name@sha256:…"
};

struct PodView {
  std::string name, uid, attempt, run, node;
  std::string phase, reason, message;  // of the status
  std::string unscheduled;             // why no node has it yet
  std::string disruption;              // why the cluster ends it, where it says so (1.26 and newer)
  bool is_leaving = false;             // somebody deleted it
  bool has_owner = false;              // its Job, as long as the cluster has not parted them
  std::vector<PodContainer> init;
  std::vector<PodContainer> sidecars;  // that main waits for
  PodContainer main;
  // What carries its files, where they are carried.
  std::optional<PodContainer> carry_in, carry_out;
};

using PodChange = ObjectChange<PodView>;
PodChange parse_pod_change(std::string_view line);
using PodList = ObjectList<PodView>;
Result<PodList> parse_pod_list(std::string_view json);

// What a pod comes to.
struct PodVerdict {
  enum class Stage : uint8_t {
    Waiting,  // main has not run yet; `message` says what for
    Stuck,    // the same, and perhaps for ever: `reason` is what it is refused for when that lasts
    Refused,  // main never ran, and never will
    Running,
    Exited,  // main has ended
    Lost,    // it has ended, and nobody knows whether main ever ran
  };
  Stage stage = Stage::Waiting;
  Reason reason = Reason::Completed;
  std::string message;
  int exit_code = 0, signal = 0;        // Exited
  std::vector<std::string> warnings{};  // Exited
};
PodVerdict verdict_of(const PodView& pod);
bool is_any_running(const PodView& pod);
// What a pod that is to go is left. One in which nothing runs goes before its node has looked.
Duration least_grace(const PodView& pod);
// It has a node, which has not come so far that main runs, and nothing is wrong with it.
bool is_being_made(const PodView& pod);

}  // namespace studyctl
