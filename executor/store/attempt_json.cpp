#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/text.h"
#include "store/attempt_record.h"
#include "store/new_file.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;

constexpr const char* kName = "attempt.json";

ordered_json at(const std::optional<Instant>& instant) {
  return instant ? ordered_json(format_instant(*instant)) : ordered_json(nullptr);
}

std::optional<Instant> instant_of(const ordered_json& json) {
  if (!json.is_string()) return std::nullopt;
  const Result<Instant> instant = parse_instant(json.get<std::string>());
  return instant ? std::optional(*instant) : std::nullopt;
}

ordered_json parameters_of(const std::string& text) {
  ordered_json parameters = ordered_json::parse(text, nullptr, false);
  return parameters.is_object() ? parameters : ordered_json::object();
}

double seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

Duration duration_of(const ordered_json& seconds) {
  return Duration(std::llround(seconds.get<double>() * 1000));
}

ordered_json failure_of(const AttemptRecord& record) {
  if (!record.failure) return nullptr;
  return {{"type", record.failure->type},
          {"message", record.failure->message},
          {"traceback", record.failure->traceback},
          {"last_lines", record.failure->last_lines}};
}

ordered_json metrics_of(const AttemptRecord& record) {
  ordered_json metrics = ordered_json::array();
  for (const MetricValue& metric : record.metrics)
    metrics.push_back({{"name", metric.name}, {"value", metric.value}, {"unit", metric.unit}});
  return metrics;
}

std::optional<FailureRecord> read_failure(const ordered_json& json) {
  if (json.is_null()) return std::nullopt;
  return FailureRecord{json.at("type"), json.at("message"), json.at("traceback"), json.at("last_lines")};
}

std::vector<MetricValue> read_metrics(const ordered_json& json) {
  std::vector<MetricValue> metrics;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  for (const ordered_json& metric : json)
    metrics.push_back({metric.at("name"),
                       metric.at("value").is_null() ? kNone : metric.at("value").get<double>(),
                       metric.at("unit")});
  return metrics;
}

void read_end(const ordered_json& json, AttemptRecord& record) {
  record.reason = reason_named(json.at("reason").get<std::string>()).value_or(Reason::Error);
  record.verdict = verdict_named(json.at("verdict").get<std::string>()).value_or(Verdict::Failed);
  record.counted = json.at("counted");
  record.exit_code = json.at("exit_code");
  record.signal = json.at("signal");
  record.message = json.at("message");
  record.failure = read_failure(json.at("failure"));
  record.intended_at = instant_of(json.at("intended_at"));
  record.started_at = instant_of(json.at("started_at"));
  record.finished_at = instant_of(json.at("finished_at"));
  record.duration = duration_of(json.at("duration_seconds"));
  record.metrics = read_metrics(json.at("metrics"));
  record.warnings = json.at("warnings").get<std::vector<std::string>>();
}

AttemptRecord read(const ordered_json& json) {
  AttemptRecord record;
  record.key = {{json.at("generation"), json.at("index"), json.at("cycle")}, json.at("attempt")};
  record.study = json.at("study");
  record.run_id = json.at("run");
  record.experiment = json.at("experiment");
  record.identity = json.at("identity");
  record.parameters = json.at("parameters").dump();
  record.seed = json.at("seed");
  read_end(json, record);
  record.engine = json.at("engine");
  record.endpoint = json.at("endpoint");
  record.host = json.at("host");
  record.container = json.at("container");
  record.image = json.at("image");
  record.image_digest = json.at("image_digest");
  record.devices = json.at("devices").get<std::vector<std::string>>();
  record.cpus = json.at("cpus");
  record.cores = json.at("cores");
  record.versions = json.at("versions").get<std::map<std::string, std::string>>();
  // Those that 0.1 wrote have none of these.
  if (auto conditions = conditions_from_json(json.value("conditions", ordered_json::object()).dump()))
    record.conditions = *std::move(conditions);
  record.volumes = json.value("volumes", std::map<std::string, std::string>());
  record.cold_start = json.value("cold_start", std::vector<std::string>());
  record.memory_bytes = json.value("memory_bytes", int64_t{0});
  record.run_timeout = duration_of(json.value("run_timeout_seconds", ordered_json(0)));
  record.grown.memory_bytes = json.value("next_memory_bytes", int64_t{0});
  record.grown.run_timeout = duration_of(json.value("next_run_timeout_seconds", ordered_json(0)));
  return record;
}

}  // namespace

std::string to_json(const AttemptRecord& record) {
  const RepetitionKey& repetition = record.key.repetition;
  const ordered_json json = {{"study", record.study},
                             {"run", record.run_id},
                             {"experiment", record.experiment},
                             {"cycle", repetition.cycle},
                             {"attempt", record.key.attempt},
                             {"parameters", parameters_of(record.parameters)},
                             {"seed", record.seed},
                             {"identity", record.identity},
                             {"generation", repetition.generation},
                             {"index", repetition.index},
                             {"verdict", name_of(record.verdict)},
                             {"reason", name_of(record.reason)},
                             {"counted", record.counted},
                             {"exit_code", record.exit_code},
                             {"signal", record.signal},
                             {"message", record.message},
                             {"failure", failure_of(record)},
                             {"intended_at", at(record.intended_at)},
                             {"started_at", at(record.started_at)},
                             {"finished_at", at(record.finished_at)},
                             {"duration_seconds", seconds(record.duration)},
                             {"metrics", metrics_of(record)},
                             {"warnings", record.warnings},
                             {"conditions", ordered_json::parse(to_json(record.conditions))},
                             {"volumes", record.volumes},
                             {"cold_start", record.cold_start},
                             {"memory_bytes", record.memory_bytes},
                             {"run_timeout_seconds", seconds(record.run_timeout)},
                             {"next_memory_bytes", record.grown.memory_bytes},
                             {"next_run_timeout_seconds", seconds(record.grown.run_timeout)},
                             {"engine", record.engine},
                             {"endpoint", record.endpoint},
                             {"host", record.host},
                             {"container", record.container},
                             {"image", record.image},
                             {"image_digest", record.image_digest},
                             {"devices", record.devices},
                             {"cpus", record.cpus},
                             {"cores", record.cores},
                             {"versions", record.versions}};
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<AttemptRecord> attempt_from_json(std::string_view text) {
  try {
    return read(ordered_json::parse(text));
  } catch (const ordered_json::exception& error) {
    return Error{ErrorCode::Invalid, std::string("is not the record of an attempt: ") + error.what()};
  }
}

Result<void> write_attempt(const std::filesystem::path& directory, const AttemptRecord& record) {
  return write_new_file(directory / kName, to_json(record));
}

Result<AttemptRecord> read_attempt(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kName;
  Result<std::string> text = read_file(file, size_t{16} << 20);
  if (!text) return std::move(text).error();
  Result<AttemptRecord> record = attempt_from_json(*text);
  if (!record) return std::move(record).error().within(file.string());
  return record;
}

}  // namespace studyctl
