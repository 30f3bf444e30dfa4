#include <utility>

#include "engine/kubernetes/cluster_attempt.h"
#include "engine/kubernetes/cluster_nodes.h"
#include "engine/kubernetes/job_body.h"
#include "engine/labels.h"

// How an attempt comes to be in the cluster.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

constexpr Duration kAskAgain{10'000};  // of a quota that has no room

bool is_quota(const HttpResponse& response) {
  return response.status == kStatusForbidden && response.body.find("exceeded quota") != std::string::npos;
}

bool is_done(const HttpResponse& response) {
  return response.status / 100 == 2 || response.status == kStatusConflict;
}

}  // namespace

void ClusterAttempt::start() {
  if (stage_ != Stage::Created) return repeat();
  if (!open_depot()) return;
  stage_ = Stage::Posting;
  post_secret();
}

ClusterCalls::Token ClusterAttempt::insist(const HttpRequest& request,
                                           std::function<void(HttpResponse)> done) {
  return calls_.insist(
      request, [this](const std::string& why) { on_held(why); }, std::move(done));
}

void ClusterAttempt::on_held(const std::string& why) {
  if (stage_ != Stage::Posting) return remark(why);
  if (!stop_grace_) return wait_in_line(why);
  take_back();
}

void ClusterAttempt::post_secret() {
  std::string body = secret_body(spec_);
  if (body.empty()) return post_job();
  post_ = insist(api_.create_secret(std::move(body)), [this](const HttpResponse& response) {
    if (is_done(response)) return post_job();
    if (stop_grace_) return refuse(Reason::Cancelled, "stopped before it began");
    refuse(Reason::CreateError, "the cluster takes no Secret: " + cluster_failure(response));
  });
}

void ClusterAttempt::post_job() {
  std::optional<CarriedPod> carried;
  if (carry_.is_on())
    if (auto pod = carried_pod(spec_, carry_)) carried.emplace(*std::move(pod));
  post_ = insist(api_.create_job(job_body(spec_, results_, carried ? &*carried : nullptr)),
                 [this](const HttpResponse& response) { on_posted(response); });
}

void ClusterAttempt::on_posted(const HttpResponse& response) {
  if (response.status == kStatusConflict) {
    insist(api_.get_jobs("/" + spec_.id.text), [this](const HttpResponse& job) { on_name_taken(job); });
    return;
  }
  if (is_done(response)) {
    if (stage_ == Stage::Posting) stage_ = Stage::Waiting;
    if (stage_ != Stage::Waiting) return;
    if (stop_grace_) return end_pod();
    return on_waiting("waits for its pod");
  }
  if (stop_grace_) return refuse(Reason::Cancelled, "stopped before it began");
  if (is_quota(response)) {
    wait_in_line(cluster_failure(response));
    return again(kAskAgain, &ClusterAttempt::post_job);
  }
  refuse(Reason::CreateError, "the cluster takes no Job: " + cluster_failure(response));
}

// A call whose answer was lost may have made it; something else may have its name.
void ClusterAttempt::on_name_taken(const HttpResponse& response) {
  if (response.status == kStatusMissing) return post_job();
  if (parse_spec_hash(response.body) != label_of(spec_.labels, kSpecHashLabel))
    return refuse(Reason::CreateError, "a Job of its name is there, with another studyctl.io/spec-hash");
  HttpResponse made;
  made.status = 200;
  on_posted(made);
}

}  // namespace studyctl
