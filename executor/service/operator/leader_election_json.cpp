#include "base/text.h"
#include "engine/json_read.h"
#include "service/operator/leader_election.h"

namespace studyctl {
namespace {

constexpr char kTooLate[] = "it could not be renewed in time";
constexpr char kGroup[] = "/apis/coordination.k8s.io/v1";

// The cluster wants all six digits.
std::string micro_time(Instant at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(at - seconds).count();
  const std::string digits = std::to_string(1000 + rest).substr(1) + "000";
  std::string text = format_instant(seconds);
  text = text.substr(0, text.find_first_of(".Z"));
  return text + "." + digits + "Z";
}

}  // namespace

LeaderElection::LeaderElection(ClusterApi& api, std::string lease, std::string identity, Listener listener,
                               Times times)
    : api_(api),
      lease_(std::move(lease)),
      identity_(std::move(identity)),
      listener_(std::move(listener)),
      times_(times),
      calls_(api) {}

void LeaderElection::look() {
  if (is_over_) return;
  asked_at_ = api_.clock().steady();
  HttpRequest request = api_.of_kind("GET", kGroup, "leases/" + lease_);
  request.timeout = times_.retry;
  calls_.once(std::move(request), [this](const Result<HttpResponse>& answer) { on_lease(answer); });
}

void LeaderElection::on_lease(const Result<HttpResponse>& answer) {
  if (!answer || (answer->status != 200 && answer->status != kStatusMissing)) {
    const std::string why = answer ? cluster_failure(*answer) : answer.error().message;
    if (std::exchange(waits_for_, why) != why)
      listener_.waits("the cluster, which does not answer: " + why, false);
    return again();
  }
  if (answer->status == kStatusMissing) return take(nullptr);
  const auto json = nlohmann::json::parse(answer->body, nullptr, false);
  const nlohmann::json& spec = json_child(json, "spec");
  Seen now{json_string(json_child(json, "metadata"), "resourceVersion"), json_string(spec, "holderIdentity"),
           json_string(spec, "renewTime"), json_int(spec, "leaseTransitions")};
  const bool is_same = seen_ && seen_->holder == now.holder && seen_->renewed_at == now.renewed_at;
  if (!is_same) seen_at_ = asked_at_;
  seen_ = std::move(now);
  if (held_at_ && seen_->holder != identity_) return lose("another one has it: " + seen_->holder);
  const bool is_others = !seen_->holder.empty() && seen_->holder != identity_;
  if (is_others && asked_at_ - seen_at_ < times_.lease) {
    if (std::exchange(waits_for_, seen_->holder) != seen_->holder)
      listener_.waits(printable(seen_->holder), true);
    return again();
  }
  take(&*seen_);
}

void LeaderElection::take(const Seen* before) {
  HttpRequest request = before ? api_.of_kind("PUT", kGroup, "leases/" + lease_, body(before, true))
                               : api_.of_kind("POST", kGroup, "leases", body(nullptr, true));
  request.timeout = times_.retry;
  calls_.once(std::move(request), [this](const Result<HttpResponse>& answer) { on_taken(answer); });
}

void LeaderElection::on_taken(const Result<HttpResponse>& answer) {
  if (answer && answer->status / 100 == 2) {
    const bool is_new = !held_at_;
    hold();
    if (is_over_) return;
    if (is_new) listener_.leads();
  } else if (answer && answer->status != kStatusConflict) {
    const std::string why = cluster_failure(*answer);
    if (std::exchange(waits_for_, why) != why) listener_.waits("its Lease: " + why, false);
  }
  again();
}

// From when it was asked for: the cluster may have noted it at any time since.
void LeaderElection::hold() {
  const Duration rest =
      std::chrono::duration_cast<Duration>(asked_at_ + times_.renew - api_.clock().steady());
  if (rest <= Duration(0)) return lose(kTooLate);
  held_at_ = asked_at_;
  calls_.drop(deadline_);
  deadline_ = calls_.after(rest, [this] { lose(kTooLate); });
}

void LeaderElection::again() {
  calls_.after(times_.retry, [this] { look(); });
}

void LeaderElection::lose(const std::string& why) {
  is_over_ = true;
  held_at_.reset();
  calls_.drop_all();
  listener_.lost(why);
}

void LeaderElection::let_go(std::function<void()> done) {
  is_over_ = true;
  calls_.drop_all();
  if (!std::exchange(held_at_, std::nullopt)) return done();
  HttpRequest look = api_.of_kind("GET", kGroup, "leases/" + lease_);
  look.timeout = times_.retry;
  calls_.once(std::move(look), [this, done = std::move(done)](const Result<HttpResponse>& answer) {
    const auto json = nlohmann::json::parse(answer ? answer->body : std::string(), nullptr, false);
    const nlohmann::json& spec = json_child(json, "spec");
    if (json_string(spec, "holderIdentity") != identity_) return done();
    const Seen before{json_string(json_child(json, "metadata"), "resourceVersion"),
                      identity_,
                      {},
                      json_int(spec, "leaseTransitions")};
    HttpRequest request = api_.of_kind("PUT", kGroup, "leases/" + lease_, body(&before, false));
    request.timeout = times_.retry;
    calls_.once(std::move(request), [done](const Result<HttpResponse>&) { done(); });
  });
}

std::string LeaderElection::body(const Seen* before, bool is_held) const {
  const bool is_taken_over = before && before->holder != identity_;
  nlohmann::json metadata{{"name", lease_}};
  if (before) metadata["resourceVersion"] = before->resource_version;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(times_.lease).count();
  nlohmann::json spec{{"leaseDurationSeconds", is_held ? seconds : 1},
                      {"renewTime", micro_time(api_.clock().now())},
                      {"leaseTransitions", (before ? before->transitions : 0) + (is_taken_over ? 1 : 0)}};
  if (is_held) spec["holderIdentity"] = identity_;
  return nlohmann::json{
      {"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", metadata}, {"spec", spec}}
      .dump();
}

}  // namespace studyctl
