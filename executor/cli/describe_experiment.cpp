#include <algorithm>

#include "base/text.h"
#include "cli/describe_text.h"
#include "cli/run_text.h"
#include "store/attempt_record.h"
#include "store/result_row.h"
#include "store/status_file.h"

namespace studyctl {
namespace {

constexpr size_t kMostLastLines = 20;

std::string seconds_text(const AttemptSummary& attempt, Instant now) {
  return took_text(attempt.started_at, attempt.finished_at, now);
}

std::string head_of(const AttemptSummary& attempt) {
  std::string line = "attempt " + std::to_string(attempt.key.attempt) + ": " + attempt.state;
  if (attempt.reason && *attempt.reason != Reason::Completed)
    line += " (" + std::string(name_of(*attempt.reason)) + ")";
  if (!attempt.counted) line += ", does not count against the retry limit";
  return line;
}

std::string image_of(const AttemptSummary& attempt, const Result<AttemptRecord>& record) {
  if (!record || record->image.empty()) return attempt.image_digest;
  return record->image + (attempt.image_digest.empty() ? "" : " (" + attempt.image_digest + ")");
}

std::vector<std::string> metric_lines(const AttemptSummary& attempt) {
  std::vector<std::string> lines;
  for (const MetricValue& metric : attempt.metrics)
    lines.push_back(metric.name + " = " +
                    (number_text(metric.value).empty() ? "none" : number_text(metric.value)) +
                    (metric.unit.empty() ? "" : " " + metric.unit));
  return lines;
}

// Below an attempt, indented.
class AttemptText {
 public:
  explicit AttemptText(Description& description) : description_(description) {}

  void field(const std::string& label, const std::string& value) {
    if (value.empty()) return;
    std::string text = label + ":";
    text.append(12 - std::min<size_t>(text.size(), 11), ' ');
    description_.text(text + value, 4);
  }
  void block(const std::string& label, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    description_.text(label + ":", 4);
    for (const std::string& line : lines) description_.text(line, 6);
  }

 private:
  Description& description_;
};

void add_failure(const FailureRecord& failure, const std::string& message, AttemptText& text) {
  text.field("Type", failure.type);
  if (failure.message != message) text.field("Said", printable(failure.message));
  if (!failure.traceback.empty()) text.block("Traceback", split(trim(failure.traceback), '\n'));
  std::vector<std::string> last = failure.last_lines;
  if (last.size() > kMostLastLines) last.erase(last.begin(), last.end() - kMostLastLines);
  text.block("Last lines", last);
}

void add_attempt(const ChosenRun& chosen, const std::string& experiment, const AttemptSummary& attempt,
                 Instant now, Description& description) {
  const uint32_t cycle = attempt.key.repetition.cycle;
  const auto path = chosen.directory.locate({experiment, cycle, attempt.key.attempt});
  const Result<AttemptRecord> record =
      path ? read_attempt(*path) : Result<AttemptRecord>(Error{ErrorCode::NotFound, ""});
  description.text(head_of(attempt), 2);
  AttemptText text(description);
  text.field("Message", printable(attempt.message));
  text.field("Exit code", attempt.exit_code ? std::to_string(*attempt.exit_code) : "");
  if (record && record->signal != 0) text.field("Signal", std::to_string(record->signal));
  text.field("Started", instant_text(attempt.started_at ? attempt.started_at : attempt.intended_at));
  text.field("Finished", instant_text(attempt.finished_at));
  text.field("Took", seconds_text(attempt, now));
  text.field("Image", image_of(attempt, record));
  text.field("Container", attempt.container.substr(0, 12));
  text.field("Devices", join(attempt.devices, ", "));
  text.field("CPUs", attempt.cpus);
  text.block("Metrics", metric_lines(attempt));
  text.block("Warnings", attempt.warnings);
  if (record && record->failure) add_failure(*record->failure, attempt.message, text);
  if (!path) return;
  text.field("Files", path->string());
  std::error_code ignored;
  if (std::filesystem::exists(*path / "command.txt", ignored))
    text.field("Command", (*path / "command.txt").string());
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
