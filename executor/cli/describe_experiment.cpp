#include <algorithm>
#include <cmath>
#include <cstdio>
#include <initializer_list>

#include "base/text.h"
#include "cli/describe_text.h"
#include "store/attempt_record.h"
#include "store/result_row.h"
#include "store/status_file.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

constexpr size_t kMostLastLines = 20;
constexpr size_t kIndent = 4;  // below an attempt

std::string end_of(const AttemptSummary& attempt) {
  std::string line = attempt.state;
  if (!attempt.reason || *attempt.reason == Reason::Completed) return line;
  line += " (" + std::string(name_of(*attempt.reason)) + ")";
  return attempt.counted ? line : line + ", does not count against the retry limit";
}

std::string image_of(const AttemptSummary& attempt, const Result<AttemptRecord>& record) {
  if (!record || record->image.empty()) return attempt.image_digest;
  return record->image + (attempt.image_digest.empty() ? "" : " (" + attempt.image_digest + ")");
}

std::vector<std::string> metric_lines(const AttemptSummary& attempt) {
  std::vector<std::string> lines;
  for (const MetricValue& metric : attempt.metrics) {
    const std::string value = number_text(metric.value);
    lines.push_back(metric.name + " = " + (value.empty() ? "none" : value) +
                    (metric.unit.empty() ? "" : " " + metric.unit));
  }
  return lines;
}

std::string number(double value, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, std::abs(value) < 10 ? "%.1f %s" : "%.0f %s", value, unit);
  return text;
}

std::string joined(std::initializer_list<std::pair<std::optional<double>, const char*>> parts) {
  std::vector<std::string> texts;
  for (const auto& [value, unit] : parts)
    if (value) texts.push_back(number(*value, unit));
  return join(texts, ", ");
}

std::vector<std::string> condition_lines(const Conditions& conditions) {
  std::vector<std::string> lines;
  if (conditions.cpu_seconds)
    lines.push_back("used: " + joined({{conditions.cpu_seconds, "s of CPU"}}) +
                    (conditions.memory_peak
                         ? ", " + human_bytes(static_cast<int64_t>(*conditions.memory_peak)) + " at most"
                         : ""));
  if (conditions.samples == 0) return lines;
  lines.push_back("machine: " + joined({{conditions.own_cores, "cores busy with it"},
                                        {conditions.strangers_cores, "with other work"},
                                        {conditions.cpu_mhz_mean, "MHz"},
                                        {conditions.temperature_max, "°C at most"},
                                        {conditions.energy, "J"}}));
  for (const GpuConditions& gpu : conditions.gpus) {
    const std::string said = joined({{gpu.temperature_max, "°C at most"},
                                     {gpu.power_mean, "W"},
                                     {gpu.energy, "J"},
                                     {gpu.clock_mean, "MHz"},
                                     {gpu.clock_min, "MHz at least"}});
    if (!said.empty()) lines.push_back(gpu.id + ": " + said);
  }
  lines.insert(lines.end(), conditions.disturbances.begin(), conditions.disturbances.end());
  return lines;
}

std::vector<std::string> volume_lines(const AttemptRecord& record) {
  std::vector<std::string> lines;
  for (const auto& [name, warmth] : record.volumes) lines.push_back(name + ": " + warmth);
  return lines;
}

std::string limits_of(const AttemptRecord& record) {
  std::vector<std::string> limits;
  if (record.memory_bytes > 0) limits.push_back(human_bytes(record.memory_bytes) + " of memory");
  if (record.run_timeout > Duration(0)) limits.push_back(human_duration(record.run_timeout));
  if (record.verdict == Verdict::Retry && record.grown.memory_bytes > record.memory_bytes)
    limits.push_back("the next one gets " + human_bytes(record.grown.memory_bytes));
  if (record.verdict == Verdict::Retry && record.grown.run_timeout > record.run_timeout)
    limits.push_back("the next one gets " + human_duration(record.grown.run_timeout));
  return join(limits, ", ");
}

void add_failure(const FailureRecord& failure, const std::string& message, Description& description) {
  description.field("Type", failure.type, kIndent);
  if (failure.message != message) description.field("Said", failure.message, kIndent);
  if (!failure.traceback.empty())
    description.section("Traceback", {std::string(trim(failure.traceback))}, kIndent);
  std::vector<std::string> last = failure.last_lines;
  if (last.size() > kMostLastLines) last.erase(last.begin(), last.end() - kMostLastLines);
  description.section("Last lines", last, kIndent);
}

void add_attempt(const ChosenRun& chosen, const std::string& experiment, const AttemptSummary& attempt,
                 Instant now, Description& description) {
  const AttemptPlace place{experiment, attempt.key.repetition.cycle, attempt.key.attempt};
  const auto path = files_of(chosen, place, attempt.source);
  const auto record = path ? read_attempt(*path) : Result<AttemptRecord>(path.error());
  description.field("attempt " + std::to_string(attempt.key.attempt), end_of(attempt), 2);
  const auto field = [&](const char* label, const std::string& value) {
    description.field(label, value, kIndent);
  };
  field("Message", attempt.message);
  field("Exit code", attempt.exit_code ? std::to_string(*attempt.exit_code) : "");
  field("Signal", record && record->signal != 0 ? std::to_string(record->signal) : "");
  field("Started", instant_text(attempt.started_at ? attempt.started_at : attempt.intended_at));
  field("Finished", instant_text(attempt.finished_at));
  field("Took", took_text(attempt.started_at, attempt.finished_at, now));
  field("Image", image_of(attempt, record));
  field("Container", attempt.container.substr(0, 12));
  field("Limits", record ? limits_of(*record) : "");
  field("Devices", join(attempt.devices, ", "));
  field("CPUs", attempt.cpus);
  field("Flags", join(attempt.flags, ", "));
  if (record) description.section("Conditions", condition_lines(record->conditions), kIndent);
  if (record) description.section("Cold start", record->cold_start, kIndent);
  if (record) description.section("Volumes", volume_lines(*record), kIndent);
  description.section("Metrics", metric_lines(attempt), kIndent);
  description.section("Warnings", attempt.warnings, kIndent);
  if (record && record->failure) add_failure(*record->failure, attempt.message, description);
  if (!path) return;
  field("Files", path->string());
  std::error_code ignored;
  if (std::filesystem::exists(*path / "command.txt", ignored))
    field("Command", (*path / "command.txt").string());
}

// What the run waits for while this experiment has not been started in some cycle.
std::vector<std::string> why_it_waits(const ChosenRun& chosen, const ChosenExperiment& experiment) {
  const auto status = read_status(chosen.directory.path() / "status.json");
  if (!status || is_final(status->state)) return {};
  const bool waits =
      std::any_of(experiment.started.begin(), experiment.started.end(), [](const auto& repetition) {
        return repetition.state == RepetitionState::Waiting || repetition.state == RepetitionState::Starting;
      });
  if (!experiment.started.empty() && !waits) return {};
  if (!status->waiting_for.empty()) return status->waiting_for;
  return {"its turn has not come: " +
          std::to_string(status->counts.at(static_cast<size_t>(RepetitionState::Waiting))) + " wait, " +
          std::to_string(status->current.size()) + " run"};
}

}  // namespace

Result<Description> describe_experiment(const ChosenRun& chosen, const ChosenExperiment& experiment,
                                        Instant now) {
  Description description;
  description.field("Experiment", experiment.experiment);
  description.field("Run", chosen.run.record.directory + " (" + chosen.run.record.id + ")");
  description.field("Path",
                    chosen.directory.repetition({experiment.experiment, 1, 1}).parent_path().string());
  std::vector<std::string> parameters;
  for (const auto& [name, value] : parameter_texts(experiment.parameters))
    parameters.emplace_back(name).append(" = ").append(value);
  description.section("Parameters", parameters);
  if (experiment.started.empty()) description.field("State", "never started");
  for (const RepetitionSummary& repetition : experiment.started) {
    std::string head = "Cycle " + std::to_string(repetition.key.cycle);
    std::string state(name_of(repetition.state));
    if (repetition.fail_count > 0) state += ", failed " + counted(repetition.fail_count, "time");
    description.field(head, state);
    auto attempts =
        chosen.catalog.attempts(chosen.run.record.id, experiment.experiment, repetition.key.cycle);
    if (!attempts) return std::move(attempts).error();
    for (const AttemptSummary& attempt : *attempts)
      add_attempt(chosen, experiment.experiment, attempt, now, description);
  }
  description.section("Waits", why_it_waits(chosen, experiment));
  return description;
}

}  // namespace studyctl
