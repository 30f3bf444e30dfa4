#include "control/run_metrics.h"

namespace studyctl {

RunMetrics::RunMetrics(Metrics& metrics)
    : turns(metrics.histogram({"studyctl_control_turn_duration_seconds",
                               "Turns of the control loop: deciding, committing, acting, telling."},
                              short_times())),
      commits(metrics.histogram(
          {"studyctl_journal_commit_duration_seconds", "Commits of the journal, synced to disk."},
          short_times())),
      last_end(metrics.gauge(
          {"studyctl_last_attempt_end_timestamp_seconds",
           "When an attempt of the run ended last, or the run was taken up, in seconds since 1970."})),
      leased(metrics.gauge({"studyctl_devices_leased", "Devices that attempts of the run hold."})),
      disk_full(metrics.gauge({"studyctl_results_volume_full",
                               "1 while nothing is started since the results volume has no room."})) {
  for (size_t i = 0; i < kVerdicts; ++i)
    attempts.at(i) =
        metrics.histogram({"studyctl_attempt_duration_seconds",
                           "How long attempts ran, by what they came to, since the controller began."},
                          long_times(), {{"verdict", std::string(name_of(static_cast<Verdict>(i)))}});
}

}  // namespace studyctl
