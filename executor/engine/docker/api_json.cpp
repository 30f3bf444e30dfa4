#include "engine/docker/api_json.h"

#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "engine/json_read.h"

namespace studyctl {
namespace {

using nlohmann::json;

Error unreadable(std::string_view what, std::string_view body) {
  return Error{ErrorCode::Unavailable, "the engine's answer to " + std::string(what) +
                                           " cannot be read: " + std::string(body.substr(0, 200))};
}

std::map<std::string, std::string> string_map(const json& object) {
  std::map<std::string, std::string> result;
  if (!object.is_object()) return result;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) result[key] = value.get<std::string>();
  }
  return result;
}

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

// Podman's own words ("stopping", "initialized", "configured") come beside Docker's. One that Podman calls
// configured after a reboot still has the time of its start, and the exit code 0 of one that never ended.
ContainerView::State state_of(const json& state, const ContainerView& view) {
  const std::string status = json_string(state, "Status");
  if (status == "removing" || status == "dead" || json_bool(state, "Dead"))
    return ContainerView::State::Leaving;
  if (json_bool(state, "Running") || json_bool(state, "Paused") || status == "stopping") {
    return ContainerView::State::Running;
  }
  const bool never_ran =
      status == "created" || status == "initialized" || status == "configured" || !view.started_at;
  return never_ran ? ContainerView::State::Created : ContainerView::State::Exited;
}

void read_host_config(const json& host, ContainerView& view) {
  view.memory_limit = json_int(host, "Memory");
  for (const json& request : json_child(host, "DeviceRequests")) {
    for (const json& id : json_child(request, "DeviceIDs")) {
      if (id.is_string()) view.device_ids.push_back(id.get<std::string>());
    }
  }
  for (const json& device : json_child(host, "Devices")) {
    view.device_nodes.push_back(json_string(device, "PathInContainer"));
  }
}

}  // namespace

Result<ContainerView> parse_container(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object() || json_string(body, "Id").empty()) return unreadable("an inspection", text);
  ContainerView view;
  view.id = json_string(body, "Id");
  view.name = without_slash(json_string(body, "Name"));
  view.image_id = json_string(body, "Image");
  if (!view.image_id.empty() && view.image_id.find(':') == std::string::npos)
    view.image_id = "sha256:" + view.image_id;
  view.labels = string_map(json_child(json_child(body, "Config"), "Labels"));
  const json& state = json_child(body, "State");
  view.pid = static_cast<int>(json_int(state, "Pid"));
  view.exit_code = static_cast<int>(json_int(state, "ExitCode"));
  view.oom_killed = json_bool(state, "OOMKilled");
  view.error = json_string(state, "Error");
  view.started_at = parse_engine_time(json_string(state, "StartedAt"));
  view.finished_at = parse_engine_time(json_string(state, "FinishedAt"));
  view.state = state_of(state, view);
  read_host_config(json_child(body, "HostConfig"), view);
  const std::string lower = json_string(json_child(json_child(body, "GraphDriver"), "Data"), "LowerDir");
  if (!lower.empty()) view.layers = split(lower, ':');
  for (const json& mount : json_child(body, "Mounts")) view.sources.push_back(json_string(mount, "Source"));
  return view;
}

Result<std::vector<SeenMount>> parse_mounts(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  if (!json_child(body, "Mounts").is_array()) return unreadable("an inspection", text);
  std::vector<SeenMount> seen;
  for (const json& mount : json_child(body, "Mounts"))
    seen.push_back({json_string(mount, "Destination"), json_string(mount, "Source")});
  return seen;
}

Result<std::vector<ListedContainer>> parse_container_list(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  if (!body.is_array()) return unreadable("a list of containers", text);
  std::vector<ListedContainer> result;
  for (const json& entry : body) {
    ListedContainer listed;
    listed.id = json_string(entry, "Id");
    const json& names = json_child(entry, "Names");
    if (names.is_array() && !names.empty() && names[0].is_string()) listed.name = without_slash(names[0]);
    listed.state = json_string(entry, "State");
    listed.labels = string_map(json_child(entry, "Labels"));
    result.push_back(std::move(listed));
  }
  return result;
}

std::optional<EngineEvent> parse_event(std::string_view line) {
  const json body = json::parse(line, nullptr, false);
  if (!body.is_object()) return std::nullopt;
  const json& actor = json_child(body, "Actor");
  const json& attributes = json_child(actor, "Attributes");
  EngineEvent event;
  event.action = json_string(body, "Action");
  if (event.action == "died") event.action = "die";
  event.container = json_string(actor, "ID");
  event.name = json_string(attributes, "name");
  event.signal = json_string(attributes, "signal");
  event.time_nano = json_int(body, "timeNano");
  if (event.action.empty() || event.container.empty()) return std::nullopt;
  return event;
}

PullLine parse_pull_line(std::string_view line) {
  PullLine result;
  const json body = json::parse(line, nullptr, false);
  if (!body.is_object()) return result;
  result.layer = json_string(body, "id");
  result.status = json_string(body, "status");
  const json& progress = json_child(body, "progressDetail");
  result.current = json_int(progress, "current");
  result.total = json_int(progress, "total");
  result.error = json_string(json_child(body, "errorDetail"), "message");
  if (result.error.empty()) result.error = json_string(body, "error");
  // A refusal before the stream began.
  if (result.error.empty()) result.error = json_string(body, "message");
  return result;
}

Result<ImageView> parse_image(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  ImageView view;
  view.id = json_string(body, "Id");
  if (view.id.empty()) return unreadable("an image's inspection", text);
  if (view.id.find(':') == std::string::npos) view.id = "sha256:" + view.id;
  view.user = json_string(json_child(body, "Config"), "User");
  return view;
}

Result<std::string> parse_created(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  std::string id = json_string(body, "Id");
  if (id.empty()) return unreadable("create", text);
  return id;
}

std::optional<Instant> parse_engine_time(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
                  &used) != 6) {
    return std::nullopt;
  }
  if (year <= 1) return std::nullopt;
  size_t at = static_cast<size_t>(used);
  int64_t milliseconds = 0;
  if (at < copy.size() && copy[at] == '.') {
    int64_t scale = 100;
    for (++at; at < copy.size() && std::isdigit(static_cast<unsigned char>(copy[at])); ++at, scale /= 10) {
      milliseconds += (copy[at] - '0') * scale;
    }
  }
  std::chrono::minutes offset{0};
  if (at + 6 <= copy.size() && (copy[at] == '+' || copy[at] == '-')) {
    int hours = 0, minutes = 0;
    if (std::sscanf(copy.c_str() + at + 1, "%2d:%2d", &hours, &minutes) == 2) {
      offset = std::chrono::minutes(hours * 60 + minutes) * (copy[at] == '-' ? -1 : 1);
    }
  }
  const auto date = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) /
                    std::chrono::day(static_cast<unsigned>(day));
  if (!date.ok()) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + Duration(milliseconds) - offset;
}

std::string query_escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      result += c;
    } else {
      result += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return result;
}

std::string filters(const std::map<std::string, std::vector<std::string>>& values) {
  return query_escape(json(values).dump());
}

}  // namespace studyctl
