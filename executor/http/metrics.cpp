#include "http/metrics.h"

#include <sys/statvfs.h>

#include <algorithm>

#include "base/text.h"
#include "http/process_metrics.h"
#include "model/states.h"
#include "store/status_file.h"

namespace studyctl {
namespace {

double seconds(Instant instant) {
  return static_cast<double>(instant.time_since_epoch().count()) / 1000;
}

std::string text_of(std::string_view name) {
  return std::string(name);
}

void add_times(Metrics& run, const Status& status) {
  if (status.started_at)
    run.gauge({"studyctl_run_start_time_seconds", "When the run began, in seconds since 1970."})
        .set(seconds(*status.started_at));
  const MetricName remaining{"studyctl_run_remaining_seconds",
                             "What the run is estimated to take yet, by percentile."};
  if (status.eta_seconds) run.gauge(remaining, {{"percentile", "50"}}).set(*status.eta_seconds);
  if (status.eta_p90_seconds) run.gauge(remaining, {{"percentile", "90"}}).set(*status.eta_p90_seconds);
  run.gauge({"studyctl_controller_heartbeat_timestamp_seconds",
             "When the controller told of itself last, in seconds since 1970."})
      .set(seconds(status.heartbeat_at));
}

void add_run(Metrics& run, const Status& status) {
  run.gauge({"studyctl_run_info", "Which run the other metrics are of."}, {{"run_id", status.run_id}}).set(1);
  const MetricName state{"studyctl_run_state", "1 for the state that the run is in."};
  for (size_t i = 0; i < kRunStates; ++i) {
    const auto one = static_cast<RunState>(i);
    run.gauge(state, {{"state", text_of(name_of(one))}}).set(status.state == one ? 1 : 0);
  }
  const MetricName repetitions{"studyctl_run_repetitions",
                               "Planned repetitions by the state that they are in: Waiting is the queue."};
  for (size_t i = 0; i < kRepetitionStates; ++i)
    run.gauge(repetitions, {{"state", text_of(name_of(static_cast<RepetitionState>(i)))}})
        .set(static_cast<double>(status.counts.at(i)));
  const MetricName attempts{"studyctl_attempts_ended_total", "Attempts of the run that ended, by reason."};
  for (size_t i = 0; i < kReasons; ++i)
    run.counter(attempts, {{"reason", text_of(name_of(static_cast<Reason>(i)))}})
        .add(static_cast<double>(status.reasons.at(i)));
  run.gauge({"studyctl_devices_quarantined", "Devices that are leased to nobody."})
      .set(static_cast<double>(status.quarantined.size()));
  add_times(run, status);
}

void add_volume(Metrics& run, const std::filesystem::path& directory) {
  struct statvfs volume {};
  if (statvfs(directory.c_str(), &volume) != 0) return;
  const auto block = static_cast<double>(volume.f_frsize);
  run.gauge({"studyctl_results_volume_available_bytes", "Room that is left where the run's results lie."})
      .set(static_cast<double>(volume.f_bavail) * block);
  run.gauge({"studyctl_results_volume_size_bytes", "Size of the file system that the run's results lie on."})
      .set(static_cast<double>(volume.f_blocks) * block);
}

// From a closed set: what was refused may have any path, and names of people's things are left out.
std::string route_of(const std::string& path, int status) {
  static constexpr std::string_view kRoot = "/api/v1/";
  static constexpr std::string_view kPlain[] = {"/status", "/metrics", "/healthz", "/readyz", "/events"};
  if (std::find(std::begin(kPlain), std::end(kPlain), path) != std::end(kPlain)) return path;
  if (!path.starts_with(kRoot) || (status >= 400 && status < 500)) return "other";
  std::vector<std::string> parts = split(std::string_view(path).substr(kRoot.size()), '/');
  if (parts[0] != "studies") return parts.size() == 1 ? path : "other";
  static constexpr const char* kNames[] = {"{study}", "{run}", "{name}"};
  for (size_t i = 1; i < parts.size() && i < 6; i += 2) {
    const size_t verb = parts[i].rfind(':');
    parts[i] = kNames[i / 2] + (verb == std::string::npos ? "" : parts[i].substr(verb));
  }
  if (parts.size() > 6) parts.resize(6);
  return std::string(kRoot) + join(parts, "/");
}

}  // namespace

std::string metrics_text(const std::vector<std::filesystem::path>& directories, const MetricsPage* page) {
  MetricsPage read;
  Metrics process(read);
  add_process(process);
  process.gauge({"studyctl_build_info", "The version of the controller."}, {{"version", STUDYCTL_VERSION}})
      .set(1);
  std::vector<std::unique_ptr<Metrics>> runs;
  for (const std::filesystem::path& directory : directories) {
    const Result<Status> status = read_status(directory / "status.json");
    if (!status) continue;
    runs.push_back(std::make_unique<Metrics>(read, MetricLabels{{"study", status->study}}));
    add_run(*runs.back(), *status);
    add_volume(*runs.back(), directory);
  }
  return read.text() + (page ? page->text() : "");
}

std::function<void(const std::string& path, int status)> counting(Metrics& metrics) {
  return [&metrics](const std::string& path, int status) {
    const MetricLabels labels{{"route", route_of(path, status)}, {"code", std::to_string(status)}};
    metrics
        .counter({"studyctl_http_requests_total", "Requests that were answered, by route and status."},
                 labels)
        .add();
  };
}

}  // namespace studyctl
