#include "engine/kubernetes/cluster_attempt.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/fd.h"
#include "base/log.h"
#include "engine/docker/api_json.h"

namespace studyctl {
namespace {

using Phase = Observation::Phase;

constexpr Duration kAskAgain{10'000};  // of a quota that has no room
constexpr Duration kLookAgain{1'000};
constexpr Duration kFirstLook{3'000};  // at what is said about what does not begin
constexpr Duration kLogsPatience{3'000};
constexpr char kSecond[] =
    "its pod was taken away while no controller looked; the other one that the cluster made is not used";
constexpr const char* kAdvice =
    "; where nodes do not see the results of this machine, --carry-address has them carried";

}  // namespace

ClusterAttempt::ClusterAttempt(ClusterApi& api, ClusterWarnings& warnings, const ClusterOptions& options,
                               AttemptSpec spec, Tell tell)
    : api_(api),
      warnings_(warnings),
      patience_(options.patience),
      results_(options.results),
      carry_(options.carry),
      spec_(std::move(spec)),
      tell_(std::move(tell)),
      calls_(api) {}

ClusterAttempt::~ClusterAttempt() {
  warnings_.drop(asked_);
}

void ClusterAttempt::create() {
  stage_ = Stage::Created;
  tell(observation(Phase::Created));
}

// Of several pods the one that ran before counts, and no other one is let run beside it.
void ClusterAttempt::adopt(std::vector<PodView> pods) {
  const std::string first = read_or_empty(first_pod_file());
  const auto rank = [&first](const PodView& pod) {
    if (pod.uid == first) return 0;
    return pod.main.has_ended ? 1 : is_any_running(pod) || pod.is_leaving ? 2 : 3;
  };
  std::stable_sort(pods.begin(), pods.end(),
                   [&](const PodView& a, const PodView& b) { return rank(a) < rank(b); });
  stage_ = Stage::Waiting;
  on_waiting("waits for its pod");
  for (const PodView& pod : pods) on_pod(pod);
}

// ---- what its pod does ----

void ClusterAttempt::on_pod(const PodView& pod) {
  if (pod_ && pod_->uid != pod.uid) return on_other_pod(pod);
  if (is_second_) return;
  pod_ = pod;
  if (!pod.has_owner) on_parted();
  if (stage_ == Stage::Carrying) return look_for_files();
  if (stage_ == Stage::Posting) {  // the watch was faster than the answer
    stage_ = Stage::Waiting;
    calls_.drop(post_);
  }
  if (stage_ != Stage::Waiting && stage_ != Stage::Running) return;
  const PodVerdict verdict = verdict_of(pod);
  // A Job makes another pod for one that is deleted: it must not.
  if (pod.is_leaving && !stop_grace_) remove_job();
  if (stop_grace_ && !is_ending_pod_) end_pod();
  if (birth_timer_ != 0 && !is_being_made(pod)) delete_pod();
  if (overlooked_until_ && is_any_running(pod)) remind_of_deletion();
  using Of = PodVerdict::Stage;
  if (verdict.stage != Of::Stuck) stuck_since_.reset();
  switch (verdict.stage) {
    case Of::Waiting: return on_waiting(verdict.message);
    case Of::Stuck: return on_stuck(verdict);
    case Of::Refused:
    case Of::Exited: return collect(pod, verdict);
    case Of::Running: return on_running(pod);
    case Of::Lost: return miss(verdict.message);
  }
}

void ClusterAttempt::on_waiting(const std::string& message) {
  progress(why_.empty() ? message : why_);
  if (timer_ == 0) again(kFirstLook, &ClusterAttempt::look_at_warnings);
}

// The status of a pod does not say why its volumes are not there, nor why a Job has no pod.
void ClusterAttempt::look_at_warnings() {
  if (stage_ != Stage::Waiting || asked_ != 0) return;
  asked_ = warnings_.ask(pod_ ? pod_->name : spec_.id.text,
                         [this](const ClusterWarning& warning) { on_warning(warning); });
}

void ClusterAttempt::on_warning(const ClusterWarning& warning) {
  asked_ = 0;
  if (stage_ != Stage::Waiting) return;
  why_ = warning.message;
  if (!pod_ && warning.reason == "BackoffLimitExceeded")
    return miss("its pod was taken away while no controller looked");
  if (is_unmountable(warning))
    return refuse(Reason::CreateError, "its volumes cannot be mounted: " + warning.message +
                                           (results_.claim.empty() && !carry_.is_on() ? kAdvice : ""));
  if (!why_.empty()) progress(why_);
  if (!pod_) look_for_job();
  if (timer_ == 0) again(unmountable_since_ ? kLookAgain : kAskAgain, &ClusterAttempt::look_at_warnings);
}

// What was said once stays said for an hour, also of what came to pass a second later: what lasts is said
// again.
bool ClusterAttempt::is_unmountable(const ClusterWarning& warning) {
  const auto at = parse_engine_time(warning.at);
  if (warning.reason != "FailedMount" || !at) {
    unmountable_since_.reset();
    return false;
  }
  if (!unmountable_since_) unmountable_since_ = *at;
  return *at - *unmountable_since_ >= patience_.container;
}

// Somebody else may have deleted it before it had a pod.
void ClusterAttempt::look_for_job() {
  calls_.ask(api_.get_jobs("/" + spec_.id.text), [this](const HttpResponse& response) {
    if (response.status == kStatusMissing && stage_ == Stage::Waiting && !pod_ && !stop_grace_)
      miss("somebody else deleted its Job");
  });
}

void ClusterAttempt::on_stuck(const PodVerdict& verdict) {
  const Steady now = api_.clock().steady();
  if (!stuck_since_) stuck_since_ = now;
  const Duration patience = verdict.reason == Reason::ImagePull ? patience_.image : patience_.container;
  if (now - *stuck_since_ >= patience) {
    const bool is_image = verdict.reason == Reason::ImagePull;
    return refuse(verdict.reason,
                  (is_image ? "cannot pull image " + spec_.main.image + ": " : "") + verdict.message);
  }
  progress(verdict.message);
  calls_.drop(timer_);
  timer_ = calls_.after(std::min(kLookAgain, patience), [this] {
    timer_ = 0;
    if (pod_ && stuck_since_) on_pod(PodView(*pod_));
  });
}

void ClusterAttempt::on_running(const PodView& pod) {
  if (stage_ == Stage::Running) return;
  if (!is_first_pod(pod)) return give_up_second();
  stage_ = Stage::Running;
  log_ = std::make_unique<PodLog>(api_, pod.name, spec_.directory);
  // Where a pod is deleted, its node tells of no end before the last one in it.
  log_->follow([this] {
    if (stop_grace_ || (pod_ && pod_->is_leaving)) say_main_ended();
  });
  Observation running = observation(Phase::Running);
  running.started_at = pod.main.started_at;
  tell(std::move(running));
}

// Whether it is the one that ran when a controller looked before.
bool ClusterAttempt::is_first_pod(const PodView& pod) {
  const std::filesystem::path file = first_pod_file();
  const auto first = read_file(file);
  if (first) return *first == pod.uid;
  std::error_code failure;
  std::filesystem::create_directories(spec_.scratch, failure);
  if (auto written = write_file_atomically(file, pod.uid); !written) log::warning(written.error().message);
  return true;
}

// Old clusters make another pod for one that was taken away while no controller looked: its files and its log
// would be mixed with those of the first.
void ClusterAttempt::give_up_second() {
  is_second_ = true;
  remark(kSecond);
  remove_job();
  insist(api_.remove_pod(pod_->name, least_grace(*pod_)), [](const HttpResponse&) {});
}

void ClusterAttempt::on_deleted(const PodView& pod) {
  if (pod_ && pod_->uid != pod.uid) return;
  if (stage_ == Stage::Leaving) return leave({});
  if (pod_) pod_->has_owner = false;
  on_parted();
  files_.is_pod_gone = true;
  if (stage_ == Stage::Carrying) return look_for_files();
  if (stage_ != Stage::Waiting && stage_ != Stage::Running) return;
  if (is_second_) return miss(kSecond);
  const PodVerdict verdict = verdict_of(pod);
  if (verdict.stage == PodVerdict::Stage::Exited) return collect(pod, verdict);
  if (stop_grace_ && stage_ == Stage::Waiting) return refuse(Reason::Cancelled, "stopped before it began");
  if (!stop_grace_) {
    remove_job();
    return miss("somebody else deleted its pod");
  }
  PodVerdict killed{PodVerdict::Stage::Exited, Reason::Error, "ended by signal 9", 137, 9, {}};
  collect(pod, killed);
}

// ---- the end ----

void ClusterAttempt::collect(const PodView& pod, const PodVerdict& verdict) {
  const bool has_run = verdict.stage == PodVerdict::Stage::Exited;
  pod_ = pod;
  if (has_run && stage_ == Stage::Waiting) on_running(pod);  // seen at its end alone
  if (is_second_) return;
  stage_ = Stage::Collecting;
  end_ = observation(has_run ? Phase::Exited : Phase::Refused);
  end_.reason = verdict.reason;
  end_.message = verdict.message;
  end_.exit_code = verdict.exit_code;
  end_.signal = verdict.signal;
  end_.warnings = verdict.warnings;
  end_.started_at = pod.main.started_at;
  end_.finished_at = pod.main.finished_at;
  explain_kill(pod);
  if (has_run) say_main_ended();
  collect_init(0);
}

// Whose doing its end was, as far as the pod's deletion tells. What is told to end may do so by a code of its
// own.
void ClusterAttempt::explain_kill(const PodView& pod) {
  if (end_.reason != Reason::Error) return;
  const bool is_kill = end_.signal == SIGKILL || end_.signal == SIGTERM;
  if (stop_grace_ && is_kill) {
    end_.message = "ended by the signal that studyctl sent";
  } else if (!stop_grace_ && pod.is_leaving) {
    end_.reason = Reason::Interrupted;
    end_.message = "somebody else deleted its pod";
    if (!is_kill) end_.message += ", and it ended with code " + std::to_string(end_.exit_code);
  }
}

void ClusterAttempt::collect_init(size_t index) {
  while (index < pod_->init.size() && !pod_->init[index].has_ended) ++index;
  if (index >= pod_->init.size()) return collect_main();
  const std::string name = "init-" + std::to_string(index);
  const auto file = spec_.directory / (name + ".log");
  insist(api_.get_pods("/" + pod_->name + "/log?container=" + name),
         [this, index, file](const HttpResponse& response) {
           if (response.status == 200) {
             auto written = write_file_atomically(file, response.body);
             if (!written) log::warning(written.error().message);
           }
           collect_init(index + 1);
         });
}

void ClusterAttempt::collect_main() {
  if (end_.phase != Phase::Exited || !log_) return await_files();
  log_->finish(pod_->is_leaving ? kLogsPatience : Duration(0), [this](const Result<void>& logs) {
    if (!logs) end_.warnings.push_back(logs.error().message + ": its log may lack what it said last");
    // The log calls back from within itself.
    calls_.after(Duration(0), [this] { await_files(); });
  });
}

void ClusterAttempt::settle() {
  log_.reset();
  stage_ = Stage::Ended;
  tell(end_);
}

void ClusterAttempt::refuse(Reason reason, const std::string& message) {
  if (stage_ >= Stage::Ended) return;
  stage_ = Stage::Ended;
  log_.reset();
  Observation refused = observation(Phase::Refused);
  refused.reason = reason;
  refused.message = message;
  tell(std::move(refused));
}

void ClusterAttempt::miss(const std::string& message) {
  if (stage_ >= Stage::Ended) return;
  stage_ = Stage::Ended;
  log_.reset();
  Observation missing = observation(Phase::Missing);
  missing.reason = Reason::Interrupted;
  missing.message = message;
  tell(std::move(missing));
}

void ClusterAttempt::again(Duration delay, void (ClusterAttempt::*what)()) {
  timer_ = calls_.after(delay, [this, what] {
    timer_ = 0;
    (this->*what)();
  });
}

// ---- telling ----

void ClusterAttempt::repeat() {
  if (last_) tell(Observation(*last_));
}

void ClusterAttempt::progress(const std::string& message) {
  if (last_ && last_->phase == Phase::Preparing && last_->message == message) return;
  Observation preparing = observation(Phase::Preparing);
  preparing.message = message;
  tell(std::move(preparing));
}

// The same of what is not in the cluster yet: it may be taken back.
void ClusterAttempt::wait_in_line(const std::string& message) {
  Observation preparing = observation(Phase::Preparing);
  preparing.message = message;
  preparing.is_queued = !calls_.is_doubtful(post_);
  if (last_ && last_->is_queued && last_->message == message) return;
  tell(std::move(preparing));
}

// For people, of one whose observation is another: that stays its last.
void ClusterAttempt::remark(const std::string& message) {
  if (std::exchange(remarked_, message) == message) return;
  Observation remark = observation(Phase::Preparing);
  remark.message = message;
  tell_(std::move(remark));
}

Observation ClusterAttempt::observation(Phase phase) const {
  Observation seen;
  seen.attempt = spec_.id;
  seen.phase = phase;
  seen.container = spec_.id.text;  // its Job: pods are known later, when the start is on record
  if (pod_) seen.image_digest = pod_->main.image_digest;
  for (const DeviceRequest& device : spec_.devices)
    seen.devices.push_back(std::to_string(device.count) + " × " + device.kind);
  return seen;
}

void ClusterAttempt::tell(Observation observation) {
  last_ = observation;
  tell_(std::move(observation));
}

}  // namespace studyctl
