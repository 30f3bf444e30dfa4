#include "study/list_items.h"

#include "base/text.h"
#include "store/keep_mark.h"
#include "store/result_row.h"
#include "study/run_text.h"
#include "study/written_json.h"

namespace studyctl {
namespace {

Written counts_data(const RepetitionCounts& counts) {
  Written::Map map;
  for (size_t i = 0; i < kRepetitionStates; ++i)
    map.emplace_back(name_of(static_cast<RepetitionState>(i)), written_of(counts.at(i)));
  return {std::move(map)};
}

// Those that came.
Written reasons_data(const ReasonCounts& reasons) {
  Written::Map map;
  for (size_t i = 0; i < kReasons; ++i)
    if (reasons.at(i) > 0) map.emplace_back(name_of(static_cast<Reason>(i)), written_of(reasons.at(i)));
  return {std::move(map)};
}

Written metrics_data(const std::vector<MetricValue>& metrics) {
  Written::Map map;
  for (const MetricValue& metric : metrics) map.emplace_back(metric.name, written_number(metric.value));
  return {std::move(map)};
}

std::string metrics_text(const std::vector<MetricValue>& metrics) {
  std::vector<std::string> parts;
  for (const MetricValue& metric : metrics)
    parts.push_back(metric.name + "=" + number_text(metric.value) + metric.unit);
  return join(parts, " ");
}

std::string succeeded_text(const RunSummary& run) {
  const uint64_t done = count_in(run, RepetitionState::Succeeded) + count_in(run, RepetitionState::Cached);
  return std::to_string(done) + "/" + std::to_string(run.total);
}

Written path_data(const std::filesystem::path& path) {
  return path.empty() ? written_null() : Written::text(path.string());
}

Written seconds_of(const std::optional<Instant>& finished, Duration duration) {
  return finished ? written_seconds(duration) : written_null();
}

}  // namespace

std::string parameters_text(const std::string& parameters) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : parameter_texts(parameters)) parts.push_back(name + "=" + value);
  return join(parts, " ");
}

Result<ListedRuns> list_runs(Result<ResultsVolume> volume, const std::string& study) {
  if (!volume) return std::move(volume).error();
  const auto catalog = Catalog::of(*volume);
  if (!catalog && catalog.error().code == ErrorCode::NotFound)
    return ListedRuns{*std::move(volume), {}, std::nullopt};
  auto runs = catalog ? catalog->runs(study) : Result<std::vector<RunSummary>>(catalog.error());
  if (!runs) return std::move(runs).error();
  if (runs->empty() && !study.empty())
    return Error{ErrorCode::NotFound, "there is no study '" + printable(study) + "' here"};
  const auto holder = volume->holder();
  return ListedRuns{*std::move(volume), *std::move(runs), holder};
}

ListItem run_item(const ListedRuns& listed, const RunSummary& run, Instant now) {
  const RunRecord& record = run.record;
  ListItem item;
  item.name = record.directory;
  item.path = listed.volume.root() / record.directory;
  item.column("RUN", "run", written_of(record.directory));
  item.column("STATE", "state", written_of(shown_state(run, listed.holder)));
  item.column("SUCCEEDED", "total", written_of(run.total), succeeded_text(run));
  item.column("FAILED", "counts", counts_data(run.counts),
              std::to_string(count_in(run, RepetitionState::Failed)));
  item.column("STARTED", "started_at", written_of(run.started_at), instant_text(run.started_at));
  item.column("TOOK", "finished_at", written_of(run.finished_at), took_text(run, listed.holder, now));
  const auto mark = keep_mark(item.path);
  item.column("KEPT", "kept", Written::boolean(mark.has_value()), mark ? "yes" : "");
  item.wide_column("ID", "id", written_of(record.id));
  item.wide_column("ENGINE", "engine", written_of(record.engine));
  item.wide_column("ENDPOINT", "endpoint", written_of(record.endpoint));
  item.wide_column("MESSAGE", "message", written_of(run.message));
  item.field("study", written_of(record.study));
  item.field("design_hash", written_of(record.design_hash));
  item.field("created_at", written_of(record.created_at));
  item.field("updated_at", written_of(run.updated_at));
  item.field("path", path_data(item.path));
  return item;
}

ListItem study_item(const ListedRuns& listed, const RunSummary& newest, uint64_t runs, Instant now) {
  const std::string& study = newest.record.study;
  ListItem item;
  item.name = study;
  item.path = listed.volume.root() / study;
  item.column("STUDY", "study", written_of(study));
  item.column("RUNS", "runs", written_of(runs));
  item.column("STATE", "state", written_of(shown_state(newest, listed.holder)));
  item.column("SUCCEEDED", "total", written_of(newest.total), succeeded_text(newest));
  item.column("FAILED", "counts", counts_data(newest.counts),
              std::to_string(count_in(newest, RepetitionState::Failed)));
  item.column("UPDATED", "updated_at", written_of(newest.updated_at), ago_text(newest.updated_at, now));
  item.wide_column("LATEST", "latest", run_item(listed, newest, now).data, newest.record.directory);
  item.wide_column("MESSAGE", "message", written_of(newest.message));
  item.field("path", path_data(item.path));
  return item;
}

ListItem experiment_item(const ChosenRun& chosen, const ExperimentSummary& experiment) {
  ListItem item;
  item.name = experiment.experiment;
  item.path = chosen.directory.repetition({experiment.experiment, 1, 1}).parent_path();
  item.column("EXPERIMENT", "experiment", written_of(experiment.experiment));
  item.column("CYCLES", "counts", counts_data(experiment.counts), counts_text(experiment.counts));
  item.column("REASONS", "reasons", reasons_data(experiment.reasons), reasons_text(experiment.reasons));
  item.column("PARAMETERS", "parameters", written_from_json(experiment.parameters),
              parameters_text(experiment.parameters));
  item.wide_column("INDEX", "index", written_of(experiment.index));
  item.wide_column("FAILURES", "fail_count", written_of(experiment.fail_count));
  item.wide_column("FLAGGED", "flagged", written_of(experiment.flagged));
  item.wide_column("PATH", "path", path_data(item.path));
  return item;
}

ListItem repetition_item(const ChosenRun& chosen, const RepetitionSummary& repetition, Instant now) {
  ListItem item;
  item.name = repetition.experiment;
  if (repetition.attempt > 0)
    item.path =
        chosen.directory.repetition({repetition.experiment, repetition.key.cycle, repetition.attempt});
  item.column("EXPERIMENT", "experiment", written_of(repetition.experiment));
  item.column("CYCLE", "cycle", written_of(repetition.key.cycle));
  item.column("STATE", "state", written_of(repetition.state));
  item.column("REASON", "reason", written_of(repetition.reason));
  item.column("ATTEMPT", "attempt", written_of(repetition.attempt));
  item.column("TOOK", "duration_seconds", seconds_of(repetition.finished_at, repetition.duration),
              took_text(repetition.started_at, repetition.finished_at, now));
  item.column("MESSAGE", "message", written_of(repetition.message));
  item.wide_column("EXIT", "exit_code", written_of(repetition.exit_code));
  item.wide_column("FAILURES", "fail_count", written_of(repetition.fail_count));
  item.wide_column("STARTED", "started_at", written_of(repetition.started_at),
                   instant_text(repetition.started_at));
  item.wide_column("FLAGS", "flags", written_of(repetition.flags), join(repetition.flags, ","));
  item.wide_column("PARAMETERS", "parameters", written_from_json(repetition.parameters),
                   parameters_text(repetition.parameters));
  item.wide_column("PATH", "path", path_data(item.path));
  item.field("finished_at", written_of(repetition.finished_at));
  return item;
}

ListItem attempt_item(const ChosenRun& chosen, const std::string& experiment, const AttemptSummary& attempt,
                      Instant now) {
  const uint32_t cycle = attempt.key.repetition.cycle;
  ListItem item;
  item.name = experiment;
  if (auto path = files_of(chosen, {experiment, cycle, attempt.key.attempt}, attempt.source))
    item.path = *std::move(path);
  item.column("EXPERIMENT", "experiment", written_of(experiment));
  item.column("CYCLE", "cycle", written_of(cycle));
  item.column("ATTEMPT", "attempt", written_of(attempt.key.attempt));
  item.column("STATE", "state", written_of(attempt.state));
  item.column("REASON", "reason", written_of(attempt.reason));
  item.column("EXIT", "exit_code", written_of(attempt.exit_code));
  item.column("TOOK", "duration_seconds", seconds_of(attempt.finished_at, attempt.duration),
              took_text(attempt.started_at, attempt.finished_at, now));
  item.column("MESSAGE", "message", written_of(attempt.message));
  item.wide_column("STARTED", "started_at", written_of(attempt.started_at), instant_text(attempt.started_at));
  item.wide_column("CPUS", "cpus", written_of(attempt.cpus));
  item.wide_column("DEVICES", "devices", written_of(attempt.devices), join(attempt.devices, ","));
  item.wide_column("FLAGS", "flags", written_of(attempt.flags), join(attempt.flags, ","));
  item.wide_column("METRICS", "metrics", metrics_data(attempt.metrics), metrics_text(attempt.metrics));
  item.wide_column("CONTAINER", "container", written_of(attempt.container), attempt.container.substr(0, 12));
  item.wide_column("PATH", "path", path_data(item.path));
  item.field("image_digest", written_of(attempt.image_digest));
  item.field("counted", Written::boolean(attempt.counted));
  item.field("warnings", written_of(attempt.warnings));
  item.field("finished_at", written_of(attempt.finished_at));
  return item;
}

}  // namespace studyctl
