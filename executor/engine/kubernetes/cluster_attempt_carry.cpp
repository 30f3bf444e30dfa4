#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "engine/kubernetes/cluster_attempt.h"

// An attempt whose files are carried to its pod and back.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

constexpr Duration kLook{100};
constexpr Duration kCarryGrace{30'000};  // to send what is there, behind the end of what is stopped

}  // namespace

// Nothing where its files are not carried, whatever is true of those that begin now.
std::optional<Depot> ClusterAttempt::depot() const {
  if (carry_.depots.empty()) return std::nullopt;
  auto depot = Depot::of(carry_.depots, spec_.id.text);
  return depot && depot->plan() ? std::optional(*std::move(depot)) : std::nullopt;
}

// False: it was refused.
bool ClusterAttempt::open_depot() {
  if (!carry_.is_on()) return true;
  const auto pod = carried_pod(spec_, carry_);
  const auto depot = Depot::of(carry_.depots, spec_.id.text);
  auto opened = !pod ? Result<void>(pod.error()) : !depot ? depot.error() : depot->open(pod->plan);
  if (!opened) refuse(Reason::CreateError, opened.error().message);
  return static_cast<bool>(opened);
}

void ClusterAttempt::say_main_ended() {
  const auto depot = this->depot();
  if (!depot) return;
  if (auto said = depot->say_ended(); !said) log::warning(said.error().message);
}

void ClusterAttempt::await_files() {
  if (end_.phase != Phase::Exited || !depot()) return settle();
  stage_ = Stage::Carrying;
  files_.moved_at = api_.clock().steady();
  look_for_files();
}

void ClusterAttempt::look_for_files() {
  say_main_ended();  // the disk may have been full
  const auto depot = this->depot();
  if (!depot) return give_up_files("the place where they were to arrive was removed");
  const Depot::Arrival arrival = depot->arrival();
  if (arrival.is_whole) {
    auto home = depot->bring_home();
    for (const std::string& left_out : home ? *home : std::vector<std::string>())
      end_.warnings.push_back("of its results was left out " + left_out);
    if (home) return settle();
    const std::string why = "they cannot be put in their place: " + home.error().message;
    if (files_.obstacle != why) log::warning(spec_.id.text + ": " + why);
    files_.obstacle = why;
  } else if (arrival.failure) {
    return give_up_files(*arrival.failure);
  }
  const Steady now = api_.clock().steady();
  if (arrival.heard != files_.heard) files_.moved_at = now;
  files_.heard = arrival.heard;
  const bool has_carrier_ended = pod_ && pod_->carry_out && pod_->carry_out->has_ended;
  if (!arrival.is_whole && (files_.is_pod_gone || has_carrier_ended))
    return give_up_files(files_.is_pod_gone
                             ? "its pod has gone"
                             : "carry-out exited " + std::to_string(pod_->carry_out->exit_code) + ": " +
                                   printable(pod_->carry_out->end_message));
  if (now - files_.moved_at > patience_.files)
    return give_up_files(files_.obstacle.empty()
                             ? "nothing has come from its pod for " + human_duration(patience_.files)
                             : files_.obstacle);
  calls_.drop(timer_);
  again(kLook, &ClusterAttempt::look_for_files);
}

// What it was worth is not known without them: where its pod is to blame, another attempt finds out.
void ClusterAttempt::give_up_files(const std::string& why) {
  const std::string text = "its results did not come home: " + why;
  if (stop_grace_ || end_.reason != Reason::Completed) {
    end_.warnings.push_back(text);
    return settle();
  }
  const bool is_pod_to_blame =
      files_.is_pod_gone || pod_->is_leaving || pod_->reason == "Evicted" || !pod_->disruption.empty();
  if (is_pod_to_blame) {
    log_.reset();
    return miss(text);
  }
  end_.reason = Reason::ResultMissing;
  end_.message = text;
  settle();
}

// What is stopped has the grace that was asked for; what carries its files away has some more.
Duration ClusterAttempt::stop_patience(Duration grace) const {
  return depot() ? grace + kCarryGrace : grace;
}

// Main has had its grace: what is left of the pod's is for what carries, unless main has not ended.
void ClusterAttempt::hasten_end() {
  if (!depot()) return;
  calls_.after(*stop_grace_, [this] {
    const auto depot = this->depot();
    if (stage_ >= Stage::Collecting || !pod_ || (depot && depot->has_ended())) return;
    calls_.ask(api_.remove_pod(pod_->name, Duration(1000)), [](const HttpResponse&) {});
  });
}

}  // namespace studyctl
