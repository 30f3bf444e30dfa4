#include "engine/kubernetes/cluster_nodes.h"

#include <limits>

#include "base/text.h"
#include "engine/json_read.h"
#include "engine/kubernetes/job_body.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr int64_t kBoundless = std::numeric_limits<int64_t>::max() / 4;

// One that does not answer at the moment is there all the same: what is for it waits, and is not refused.
bool takes_pods(const json& node) {
  return !json_bool(json_child(node, "spec"), "unschedulable");
}

}  // namespace

std::string parse_cluster_version(std::string_view text) {
  const std::string version = json_string(json::parse(text, nullptr, false), "gitVersion");
  return printable(version.starts_with('v') ? version.substr(1) : version);
}

void add_nodes(std::string_view text, Inventory& inventory) {
  const json list = json::parse(text, nullptr, false);
  if (!list.is_object()) {
    inventory.millicpu = inventory.memory_bytes = kBoundless;
    return;
  }
  for (const json& node : json_child(list, "items")) {
    if (!takes_pods(node)) continue;
    const json& amounts = json_child(json_child(node, "status"), "allocatable");
    for (const auto& [kind, amount] : amounts.items()) {
      const std::string written = amount.is_string() ? amount.get<std::string>() : amount.dump();
      if (kind == "cpu") {
        inventory.millicpu += parse_millicpu(written) ? *parse_millicpu(written) : 0;
      } else if (kind == "memory") {
        inventory.memory_bytes += parse_bytes(written) ? *parse_bytes(written) : 0;
      } else if (kind.find('/') != std::string::npos) {
        inventory.devices[kind] += std::atoi(written.c_str());
      }
    }
  }
}

std::string parse_spec_hash(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  const json& metadata = json_child(object, "metadata");
  const std::string label = json_string(json_child(metadata, "labels"), kSpecHashLabel);
  return label.empty() ? json_string(json_child(metadata, "annotations"), kSpecHashLabel) : label;
}

ListedJobs parse_job_list(std::string_view text) {
  ListedJobs listed;
  const json list = json::parse(text, nullptr, false);
  listed.next = json_string(json_child(list, "metadata"), "continue");
  for (const json& job : json_child(list, "items")) {
    const json& metadata = json_child(job, "metadata");
    const std::string name = json_string(metadata, "name");
    listed.runs[name] = json_string(json_child(metadata, "labels"), kRunLabel);
    for (const json& condition : json_child(json_child(job, "status"), "conditions")) {
      const std::string type = json_string(condition, "type");
      const bool is_end = type == "Failed" || type == "Complete";
      if (is_end && json_string(condition, "status") == "True") listed.ended.insert(name);
    }
  }
  return listed;
}

}  // namespace studyctl
