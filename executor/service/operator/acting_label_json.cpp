#include <nlohmann/json.hpp>

#include "base/log.h"
#include "service/operator/acting_label.h"

namespace studyctl {
namespace {

constexpr Duration kAgain{10'000};

std::string body(bool acts) {
  nlohmann::json labels;
  labels[ActingLabel::kName] = acts ? nlohmann::json("true") : nlohmann::json();
  return nlohmann::json{{"metadata", {{"labels", labels}}}}.dump();
}

}  // namespace

void ActingLabel::say(bool acts) {
  wanted_ = acts;
  if (!is_asking_ && !is_said()) ask();
}

// One at a time: what is said last is what the cluster hears last.
void ActingLabel::ask() {
  is_asking_ = true;
  const bool acts = wanted_;
  calls_.insist(
      api_.merge("/api/v1", "pods/" + pod_, body(acts)), [this](const std::string& why) { warn(why); },
      [this, acts](const HttpResponse& answer) { on_answer(acts, answer); });
}

void ActingLabel::on_answer(bool acts, const HttpResponse& answer) {
  if (answer.status / 100 != 2) {
    warn(cluster_failure(answer));
    calls_.after(kAgain, [this] { ask(); });
    return;
  }
  is_asking_ = false;
  said_ = acts;
  if (!is_said()) ask();
}

void ActingLabel::warn(const std::string& why) {
  if (std::exchange(warned_of_, why) != why)
    log::warning("pod " + pod_ + " cannot be labelled " + kName + ", so no Service leads here: " + why);
}

}  // namespace studyctl
