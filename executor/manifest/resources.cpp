#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"
#include "manifest/parts.h"

namespace studyctl {
namespace {

constexpr int64_t kMostDevices = 1024;
constexpr int64_t kMostPids = 4'194'304;

// limits or requests, as read.
struct Amounts {
  std::optional<int64_t> millicpu, memory_bytes, pids;
  std::map<std::string, int> devices;
};

bool is_device_kind(std::string_view name) {
  if (name.starts_with("/dev/")) return name.find("..") == std::string_view::npos;
  const size_t slash = name.find('/');
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._/=:").find(c) != std::string_view::npos;
  };
  return slash != std::string_view::npos && slash > 0 && slash + 1 < name.size() &&
         name.substr(0, slash).find('.') != std::string_view::npos &&
         std::count(name.begin(), name.end(), '/') == 1 && std::all_of(name.begin(), name.end(), is_allowed);
}

std::optional<int64_t> read_amount(Reading& reading, const Item& item,
                                   Result<int64_t> (*parse)(std::string_view)) {
  const auto text = read_quantity(reading.problems, item);
  if (!text) return std::nullopt;
  const auto amount = parse(*text);
  if (amount && *amount > 0) return *amount;
  reading.problems.add(item.node->place, item.path, amount ? "must be more than 0" : amount.error().message);
  return std::nullopt;
}

// A count of whole things; quoted too, as Kubernetes has it.
std::optional<int64_t> read_count(Reading& reading, const Item& item, int64_t most) {
  const auto text = read_quantity(reading.problems, item);
  if (!text) return std::nullopt;
  int64_t count = 0;
  const auto end = std::from_chars(text->data(), text->data() + text->size(), count);
  const bool is_whole = end.ec == std::errc() && end.ptr == text->data() + text->size();
  if (is_whole && count >= 0 && count <= most) return count;
  reading.problems.add(
      item.node->place, item.path,
      "must be a whole number from 0 to " + std::to_string(most) + ", is " + shortened(*text));
  return std::nullopt;
}

std::string unknown_resource(const std::string& name) {
  if (name == "ephemeral-storage" || name.starts_with("hugepages-"))
    return "is not supported on one box; remove it";
  if (name == "gpu" || name == "gpus") return "unknown resource, did you mean 'nvidia.com/gpu'?";
  const std::vector<std::string> known = {"cpu", "memory", "nvidia.com/gpu", "amd.com/gpu",
                                          "studyctl.io/pids"};
  const std::string unknown = unknown_name("resource", name, known);
  return unknown.ends_with('?') ? unknown
                                : unknown + ", a CDI kind like vendor.com/class, or a path below /dev";
}

void read_one(Reading& reading, const Item& item, const Node::Entry& entry, Amounts& amounts) {
  if (entry.key == "cpu") {
    amounts.millicpu = read_amount(reading, item, parse_millicpu);
  } else if (entry.key == "memory") {
    amounts.memory_bytes = read_amount(reading, item, parse_bytes);
  } else if (entry.key == "studyctl.io/pids") {
    amounts.pids = read_count(reading, item, kMostPids);
  } else if (is_device_kind(entry.key)) {
    const auto count = read_count(reading, item, kMostDevices);
    if (count) amounts.devices[entry.key] = static_cast<int>(*count);
  } else {
    reading.problems.add(entry.place, item.path, unknown_resource(entry.key));
  }
}

Amounts read_amounts(Reading& reading, const std::optional<Item>& item) {
  Amounts amounts;
  if (!item) return amounts;
  if (item->node->kind != Node::Kind::Map) {
    reading.problems.add(item->node->place, item->path, "must be a map like {cpu: \"4\", memory: 16Gi}");
    return amounts;
  }
  for (const Node::Entry& entry : item->node->entries) {
    if (reading.problems.full()) break;
    read_one(reading, {entry.value, item->path + "." + entry.key}, entry, amounts);
  }
  return amounts;
}

void check_requests(Fields& fields, const Amounts& limits, const Amounts& requests) {
  const auto exceeds = [](const std::optional<int64_t>& request, const std::optional<int64_t>& limit) {
    return request && limit && *request > *limit;
  };
  if (exceeds(requests.millicpu, limits.millicpu))
    fields.problem("requests", "cpu is more than its limit; lower it");
  if (exceeds(requests.memory_bytes, limits.memory_bytes)) {
    fields.problem("requests", "memory is more than its limit; lower it");
  }
  if (requests.pids) fields.problem("requests", "studyctl.io/pids can only be limited; move it to limits");
  for (const auto& [kind, count] : requests.devices) {
    const auto limit = limits.devices.find(kind);
    if (limit != limits.devices.end() && limit->second == count) continue;
    fields.problem("requests", kind + " must be the same under limits; write it there alone");
  }
}

std::string cpu_text(int64_t millicpu) {
  return millicpu % 1000 == 0 ? std::to_string(millicpu / 1000) : std::to_string(millicpu) + "m";
}

void read(Fields& fields, Resources& resources, std::map<std::string, std::string>* cluster_fields) {
  const Amounts limits = read_amounts(fields.reading(), fields.find("limits"));
  const Amounts requests = read_amounts(fields.reading(), fields.find("requests"));
  if (cluster_fields) {
    read_claims(fields, *cluster_fields);
  } else {
    fields.refuse("claims", "are the same for all experiments; an override has limits and requests");
  }
  check_requests(fields, limits, requests);
  resources.millicpu = limits.millicpu;
  resources.memory_bytes = limits.memory_bytes;
  resources.millicpu_request = requests.millicpu;
  resources.memory_bytes_request = requests.memory_bytes;
  resources.pids = limits.pids;
  for (const auto& [kind, count] : limits.devices) resources.devices.push_back({kind, count});
}

}  // namespace

std::string memory_text(int64_t bytes) {
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"Ti", int64_t{1} << 40}, {"Gi", int64_t{1} << 30}, {"Mi", int64_t{1} << 20}, {"Ki", int64_t{1} << 10}};
  for (const auto& [name, size] : kUnits) {
    if (bytes % size == 0) return std::to_string(bytes / size) + std::string(name);
  }
  return std::to_string(bytes);
}

void read_resources(Fields& container, Resources& resources,
                    std::map<std::string, std::string>* cluster_fields) {
  container.map("resources", resources,
                [&](Fields& fields, Resources& to) { read(fields, to, cluster_fields); });
}

void write_resources(FieldWriter& container, const Resources& resources,
                     const std::map<std::string, std::string>* cluster_fields) {
  container.map("resources", resources, [&](FieldWriter& out, const Resources& of) {
    if (cluster_fields)
      if (const auto claims = cluster_fields->find(std::string(kClaims)); claims != cluster_fields->end())
        write_cluster_fields(out, {*claims});
    out.map("limits", of, [](FieldWriter& limits, const Resources& one) {
      if (one.millicpu) limits.text("cpu", cpu_text(*one.millicpu));
      if (one.memory_bytes) limits.text("memory", memory_text(*one.memory_bytes));
      for (const DeviceRequest& device : one.devices) limits.integer(device.kind, device.count, 0);
      limits.integer("studyctl.io/pids", one.pids, 0);
    });
    out.map("requests", of, [](FieldWriter& requests, const Resources& one) {
      if (one.millicpu_request) requests.text("cpu", cpu_text(*one.millicpu_request));
      if (one.memory_bytes_request) requests.text("memory", memory_text(*one.memory_bytes_request));
    });
  });
}

}  // namespace studyctl
