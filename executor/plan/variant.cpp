#include "plan/variant.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace studyctl {
namespace {

template <class T>
void take(std::optional<T>& to, const std::optional<T>& from) {
  if (from) to = from;
}

void change(Resources& to, const Resources& from) {
  // A limit below the request that stands, or none of it, would be refused by an engine.
  if (from.millicpu && !from.millicpu_request) to.millicpu_request.reset();
  if (from.memory_bytes && !from.memory_bytes_request) to.memory_bytes_request.reset();
  take(to.millicpu, from.millicpu);
  take(to.memory_bytes, from.memory_bytes);
  take(to.millicpu_request, from.millicpu_request);
  take(to.memory_bytes_request, from.memory_bytes_request);
  take(to.pids, from.pids);
  for (const DeviceRequest& device : from.devices) {
    const auto same = std::find_if(to.devices.begin(), to.devices.end(),
                                   [&](const DeviceRequest& one) { return one.kind == device.kind; });
    if (same == to.devices.end()) {
      to.devices.push_back(device);
    } else {
      same->count = device.count;
    }
  }
  std::erase_if(to.devices, [](const DeviceRequest& device) { return device.count == 0; });
}

void change(Container& to, const Override& from) {
  if (!from.image.empty()) to.image = from.image;
  if (from.pull_policy) to.pull_policy = *from.pull_policy;
  if (from.command) to.command = *from.command;
  if (from.arguments) to.arguments = *from.arguments;
  for (const EnvironmentVariable& variable : from.environment) {
    const auto same = std::find_if(to.environment.begin(), to.environment.end(),
                                   [&](const EnvironmentVariable& one) { return one.name == variable.name; });
    if (same == to.environment.end()) {
      to.environment.push_back(variable);
    } else {
      *same = variable;
    }
  }
  change(to.resources, from.resources);
}

}  // namespace

std::vector<size_t> matching_overrides(const Study& study, const Point& point) {
  std::vector<size_t> matching;
  for (size_t i = 0; i < study.overrides.size(); ++i) {
    if (all_hold(study.overrides[i].match, [&](const std::string& name) { return point.find(name); }))
      matching.push_back(i);
  }
  return matching;
}

Variant variant_of(const Study& study, const std::vector<size_t>& overrides) {
  Variant variant{study.pod, study.execution.timeouts, study.execution.retry.limit};
  for (const size_t i : overrides) {
    const Override& from = study.overrides[i];
    take(variant.timeouts.run, from.run);
    take(variant.timeouts.pending, from.pending);
    take(variant.timeouts.stalled, from.stalled);
    if (from.grace) variant.timeouts.grace = *from.grace;
    if (from.retry_limit) variant.retry_limit = *from.retry_limit;
    change(variant.pod.main, from);
  }
  return variant;
}

Variant variant_of(const Study& study, const Point& point) {
  return variant_of(study, matching_overrides(study, point));
}

std::vector<uint64_t> points_by_override(const Study& study, const Plan& plan) {
  std::vector<uint64_t> points(study.overrides.size(), 0);
  for (uint64_t index = 0; !points.empty() && index < plan.size(); ++index)
    for (const size_t i : matching_overrides(study, plan.at(index))) ++points[i];
  return points;
}

void visit_shapes(const Study& study, const Plan& plan,
                  const std::function<void(const Point&, const Variant&)>& visit) {
  // Where nothing is scoped all points of the sweep have the same parameters.
  std::set<std::pair<std::vector<size_t>, std::vector<std::string>>> seen;
  for (uint64_t index = 0; index < plan.size(); ++index) {
    const Point point = plan.at(index);
    std::vector<std::string> names;
    for (const auto& [name, value] : point.parameters) names.push_back(name);
    std::sort(names.begin(), names.end());
    std::vector<size_t> overrides = matching_overrides(study, point);
    if (seen.emplace(overrides, std::move(names)).second) visit(point, variant_of(study, overrides));
  }
}

}  // namespace studyctl
