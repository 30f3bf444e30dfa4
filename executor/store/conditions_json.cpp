#include <functional>
#include <nlohmann/json.hpp>

#include "store/attempt_record.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;

template <class T>
void write(ordered_json& json, const char* name, const T& value) {
  json[name] = value;
}

template <class T>
void write(ordered_json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = *value;
}

template <class T>
void read(const ordered_json& json, const char* name, T& value) {
  if (const auto found = json.find(name); found != json.end()) found->get_to(value);
}

template <class T>
void read(const ordered_json& json, const char* name, std::optional<T>& value) {
  if (const auto found = json.find(name); found != json.end()) value = found->get<T>();
}

// What is told of a GPU and of a machine, in the order in which it is written.
template <class Gpu, class Field>
void describe_gpu(Gpu& gpu, Field field) {
  field("id", gpu.id);
  field("temperature_max", gpu.temperature_max);
  field("power_mean_watts", gpu.power_mean);
  field("energy_joules", gpu.energy);
  field("clock_mean_mhz", gpu.clock_mean);
  field("clock_min_mhz", gpu.clock_min);
  field("utilization_mean", gpu.utilization_mean);
  field("throttled_by", gpu.throttled_by);
  field("ecc_errors", gpu.ecc_errors);
}

template <class Machine, class Field>
void describe_use(Machine& conditions, Field field) {
  field("cpu_seconds", conditions.cpu_seconds);
  field("memory_peak_bytes", conditions.memory_peak);
}

template <class Machine, class Field>
void describe_machine(Machine& conditions, Field field) {
  field("samples", conditions.samples);
  field("own_cores", conditions.own_cores);
  field("strangers_cores", conditions.strangers_cores);
  field("oom_kills", conditions.oom_kills);
  field("cpu_mhz_mean", conditions.cpu_mhz_mean);
  field("cpu_temperature_max", conditions.temperature_max);
  field("cpu_throttles", conditions.throttles);
  field("cpu_energy_joules", conditions.energy);
  field("flags", conditions.flags);
  field("disturbances", conditions.disturbances);
}

}  // namespace

std::string to_json(const Conditions& conditions) {
  ordered_json json = ordered_json::object();
  if (conditions == Conditions{}) return json.dump();
  const auto add = [&](const char* name, const auto& value) { write(json, name, value); };
  if (conditions.samples > 0) describe_machine(conditions, add);
  describe_use(conditions, add);
  if (!conditions.gpus.empty()) json["gpus"] = ordered_json::array();
  for (const GpuConditions& gpu : conditions.gpus) {
    ordered_json& written = json["gpus"].emplace_back();
    describe_gpu(gpu, [&](const char* name, const auto& value) { write(written, name, value); });
  }
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<Conditions> conditions_from_json(std::string_view text) {
  try {
    const ordered_json json = ordered_json::parse(text);
    Conditions conditions;
    const auto take = [&](const char* name, auto& value) { read(json, name, value); };
    describe_machine(conditions, take);
    describe_use(conditions, take);
    for (const ordered_json& gpu : json.value("gpus", ordered_json::array()))
      describe_gpu(conditions.gpus.emplace_back(),
                   [&](const char* name, auto& value) { read(gpu, name, value); });
    return conditions;
  } catch (const ordered_json::exception& error) {
    return Error{ErrorCode::Invalid, std::string("conditions: ") + error.what()};
  }
}

}  // namespace studyctl
