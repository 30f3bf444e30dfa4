#include <algorithm>
#include <utility>

#include "engine/kubernetes/cluster_attempt.h"
#include "engine/kubernetes/job_body.h"

// How an attempt is stopped, and how it leaves the cluster.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

constexpr Duration kPodComes{1'000};
constexpr Duration kForced{1'000};  // the shortest grace of what runs
constexpr Duration kBirth{10'000};  // what is stopped may take to run, before its pod is deleted
constexpr Duration kReminder{1'000};
constexpr Duration kParting{10'000};  // what a cluster may take to part a pod from its Job

}  // namespace

void ClusterAttempt::stop(Duration grace) {
  if (stop_grace_ || stage_ >= Stage::Collecting) return;
  stop_grace_ = grace;
  if (stage_ == Stage::Created) return refuse(Reason::Cancelled, "stopped before it began");
  if (stage_ == Stage::Posting) {
    // It waits for room in a quota, or for the cluster to let it.
    if (timer_ == 0 && !calls_.is_waiting(post_)) return;
    return take_back();
  }
  end_pod();
}

// It waits to be in the cluster, where it may be already: a try that nobody answered may have made it.
void ClusterAttempt::take_back() {
  if (calls_.is_doubtful(post_)) return end_pod();
  calls_.drop_all();
  timer_ = 0;
  refuse(Reason::Cancelled, "stopped before it began");
}

// The Job goes first, and without its pod: it would make another one. Its controller hears of that later than
// we do, and until then it would do so all the same: so the pod is touched once it has been parted from it,
// which is behind that in the cluster.
void ClusterAttempt::part_from_job(std::function<void(const HttpResponse&)> then) {
  calls_.drop_all();
  timer_ = 0;
  parted_ = nullptr;
  insist(api_.remove_job(spec_.id.text, "propagationPolicy=Orphan"),
         [this, then = std::move(then)](const HttpResponse& response) {
           const bool is_known = response.status / 100 == 2;
           if (!is_known || !pod_ || !pod_->has_owner) return then(response);
           parted_ = [then, response] { then(response); };
           calls_.after(kParting, [this] { on_parted(); });
         });
}

void ClusterAttempt::on_parted() {
  if (const auto then = std::exchange(parted_, nullptr)) then();
}

// The pod has the grace that was asked for.
void ClusterAttempt::end_pod() {
  is_ending_pod_ = true;
  part_from_job([this](const HttpResponse&) {
    if (!pod_) {
      is_ending_pod_ = false;  // should it come yet, it is ended
      timer_ = calls_.after(kPodComes, [this] {
        timer_ = 0;
        if (!pod_) refuse(Reason::Cancelled, "stopped before it began");
      });
      return;
    }
    if (!is_being_made(*pod_)) return delete_pod();
    birth_timer_ = calls_.after(kBirth, [this] { delete_pod(); });
  });
}

// A kubelet before 1.22 overlooks a deletion that comes while it makes the container: its dispatchWork()
// takes a pod whose containers wait for one that has ended, and looks again after a minute or more. So what
// is being made is let run first, for a moment; and when a pod is shown to run after it was deleted, what is
// left of its grace is asked for: a shorter one is a change that is looked at.
void ClusterAttempt::delete_pod() {
  calls_.drop(std::exchange(birth_timer_, 0));
  if (stage_ >= Stage::Collecting) return;
  const Duration grace = stop_patience(std::max(*stop_grace_, 2 * kForced));
  if (!is_any_running(*pod_)) overlooked_until_ = api_.clock().steady() + grace;
  insist(api_.remove_pod(pod_->name, grace), [](const HttpResponse&) {});
  hasten_end();
}

void ClusterAttempt::remind_of_deletion() {
  const Steady until = *std::exchange(overlooked_until_, std::nullopt);
  calls_.after(kReminder, [this, until] {
    if (stage_ >= Stage::Collecting) return;
    const Duration rest = std::max(until - api_.clock().steady(), kForced);
    insist(api_.remove_pod(pod_->name, rest), [](const HttpResponse&) {});
  });
}

void ClusterAttempt::remove_job() {
  if (std::exchange(is_job_gone_, true)) return;
  insist(api_.remove_job(spec_.id.text, "propagationPolicy=Background"), [](const HttpResponse&) {});
}

void ClusterAttempt::forget() {
  if (stage_ == Stage::Leaving) return;
  if (const auto depot = this->depot()) depot->close();
  const bool is_there = stage_ != Stage::Created;
  stage_ = Stage::Leaving;
  log_.reset();
  calls_.drop_all();
  if (!is_there) return leave({});
  const auto removed = [this](const HttpResponse& response) { on_job_removed(response); };
  if (pod_) return part_from_job(removed);
  insist(api_.remove_job(spec_.id.text, "propagationPolicy=Background"), removed);
}

void ClusterAttempt::on_job_removed(const HttpResponse& response) {
  if (response.status / 100 != 2 && response.status != kStatusMissing)
    return leave("its Job: " + cluster_failure(response));
  if (!secret_body(spec_).empty()) api_.ask(api_.remove_secret(spec_.id.text), [](const HttpResponse&) {});
  if (!pod_) return leave({});
  insist(api_.remove_pod(pod_->name, least_grace(*pod_)), [this](const HttpResponse& removed) {
    if (removed.status == kStatusMissing) leave({});
  });
}

// Its Job made another pod beside the one that counts.
void ClusterAttempt::on_other_pod(const PodView& pod) {
  if (!pod.is_leaving) api_.ask(api_.remove_pod(pod.name, least_grace(pod)), [](const HttpResponse&) {});
}

void ClusterAttempt::leave(std::string failure) {
  if (last_ && last_->phase == Phase::Gone) return;
  Observation gone = observation(Phase::Gone);
  gone.message = std::move(failure);
  tell(std::move(gone));
}

}  // namespace studyctl
