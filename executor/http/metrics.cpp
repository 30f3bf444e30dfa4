#include "http/metrics.h"

#include <cstdio>

#include "model/states.h"

namespace studyctl {
namespace {

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text;
}

class MetricsText {
 public:
  void family(const char* name, const char* type, const char* help) {
    text_ += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
    name_ = name;
  }
  // `labels`: study="nmr",state="Running"
  void sample(const std::string& labels, double value) {
    char number[32];
    std::snprintf(number, sizeof number, "%.17g", value);
    text_ += name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + number + "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_, name_;
};

double seconds(Instant instant) {
  return static_cast<double>(instant.time_since_epoch().count()) / 1000;
}

}  // namespace

std::string metrics_text(const Status& status) {
  const std::string study = "study=\"" + escaped(status.study) + "\"";
  const auto with = [&](const char* label, std::string_view value) {
    return study + "," + label + "=\"" + escaped(value) + "\"";
  };
  MetricsText text;
  text.family("studyctl_build_info", "gauge", "The version of the controller.");
  text.sample("version=\"" + std::string(STUDYCTL_VERSION) + "\"", 1);
  text.family("studyctl_run_info", "gauge", "Which run the other metrics are of.");
  text.sample(with("run_id", status.run_id), 1);
  text.family("studyctl_run_state", "gauge", "1 for the state that the run is in.");
  for (size_t i = 0; i < kRunStates; ++i) {
    const auto state = static_cast<RunState>(i);
    text.sample(with("state", name_of(state)), status.state == state ? 1 : 0);
  }
  text.family("studyctl_run_repetitions", "gauge", "Planned repetitions by the state that they are in.");
  for (size_t i = 0; i < kRepetitionStates; ++i)
    text.sample(with("state", name_of(static_cast<RepetitionState>(i))),
                static_cast<double>(status.counts.at(i)));
  text.family("studyctl_attempts_ended_total", "counter", "Attempts of the run that ended, by reason.");
  for (size_t i = 0; i < kReasons; ++i)
    text.sample(with("reason", name_of(static_cast<Reason>(i))), static_cast<double>(status.reasons.at(i)));
  text.family("studyctl_devices_quarantined", "gauge", "Devices that are leased to nobody.");
  text.sample(study, static_cast<double>(status.quarantined.size()));
  if (status.started_at) {
    text.family("studyctl_run_start_time_seconds", "gauge", "When the run began, in seconds since 1970.");
    text.sample(study, seconds(*status.started_at));
  }
  if (status.eta_seconds) {
    text.family("studyctl_run_remaining_seconds", "gauge",
                "What the run is estimated to take yet, by quantile.");
    text.sample(with("quantile", "0.5"), *status.eta_seconds);
    if (status.eta_p90_seconds) text.sample(with("quantile", "0.9"), *status.eta_p90_seconds);
  }
  text.family("studyctl_controller_heartbeat_timestamp_seconds", "gauge",
              "When the controller told of itself last, in seconds since 1970.");
  text.sample(study, seconds(status.heartbeat_at));
  return text.take();
}

}  // namespace studyctl
