#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/docker/host_paths.h"

// What Docker's and Podman's APIs say, read into plain data. Reading never throws: what is absent or of
// another type is left at its default, and only what is no JSON at all is an error.
namespace studyctl {

// A container, as `GET /containers/{id}/json` shows it.
struct ContainerView {
  enum class State : uint8_t { Created, Running, Exited, Leaving };
  std::string id;
  std::string name;  // without the slash
  std::string image_id;
  std::map<std::string, std::string> labels;
  State state = State::Created;
  int pid = 0;  // 0 once it has ended
  int exit_code = 0;
  bool oom_killed = false;
  std::string error;  // of a failed start; Docker only
  std::optional<Instant> started_at, finished_at;
  int64_t memory_limit = 0;
  std::vector<std::string> device_ids;    // HostConfig.DeviceRequests[].DeviceIDs
  std::vector<std::string> device_nodes;  // HostConfig.Devices[].PathInContainer
  std::vector<std::string> layers;        // GraphDriver.Data.LowerDir: of its image, on the engine's machine
  std::vector<std::string> sources;       // Mounts[].Source, likewise
};
Result<ContainerView> parse_container(std::string_view json);

// What such a container sees of its machine.
Result<std::vector<SeenMount>> parse_mounts(std::string_view json);

// A line of `GET /containers/json`.
struct ListedContainer {
  std::string id;
  std::string name;
  std::string state;  // "created", "running", "exited", …
  std::map<std::string, std::string> labels;
};
Result<std::vector<ListedContainer>> parse_container_list(std::string_view json);

// A line of `GET /events`.
struct EngineEvent {
  std::string action;  // "die" ("died" on Podman is read as "die"), "oom", "kill"
  std::string container;
  std::string name;
  std::string signal;  // of a kill: "9" or "SIGKILL"
  int64_t time_nano = 0;
};
std::optional<EngineEvent> parse_event(std::string_view line);

// A line of `POST /images/create`.
struct PullLine {
  std::string layer;
  std::string status;
  int64_t current = 0;
  int64_t total = 0;
  std::string error;  // empty unless the pull failed
};
PullLine parse_pull_line(std::string_view line);

struct ImageView {
  std::string id;  // "sha256:…"
  std::string user;
};
Result<ImageView> parse_image(std::string_view json);

// `Id` of an answer to create.
Result<std::string> parse_created(std::string_view json);

// "2026-11-22T02:58:55.289607312Z" or with an offset; nothing for the engines' zero, 0001-01-01.
std::optional<Instant> parse_engine_time(std::string_view text);

// A query value: everything but letters, digits and -._~ as %XX.
std::string query_escape(std::string_view text);

// The value of `filters` for GET /containers/json and GET /events, escaped: {"label":["k=v"], …}.
std::string filters(const std::map<std::string, std::vector<std::string>>& values);

}  // namespace studyctl
