#include "model/notification.h"

#include <algorithm>
#include <cmath>

#include "model/threshold.h"

namespace studyctl {
namespace {

constexpr Duration kLongestAskedFor = std::chrono::hours(24);

std::optional<Occasion> end_of(RunState state) {
  switch (state) {
    case RunState::Completed: return Occasion::Completed;
    case RunState::CompletedWithFailures: return Occasion::CompletedWithFailures;
    case RunState::Failed: return Occasion::Failed;
    case RunState::Stopped: return Occasion::Stopped;
    case RunState::Cancelled: return Occasion::Cancelled;
    case RunState::Paused: return Occasion::Paused;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Occasion> occasion_named(std::string_view name) {
  for (const auto& [word, occasion] : kOccasions)
    if (word == name) return occasion;
  return std::nullopt;
}

std::string origin_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "a secret URL";
  return std::string(url.substr(0, url.find_first_of("/?#", scheme + 3)));
}

std::string destination_of(const Notification& rule) {
  if (rule.email) return origin_of(rule.email->server);
  return origin_of(rule.webhook ? rule.webhook->url : "");
}

std::vector<Occasion> occasions_of(const Event& event, std::string_view message_before) {
  if (const auto* ended = std::get_if<AttemptEnded>(&event.fact)) {
    if (ended->verdict != Verdict::Failed) return {};
    return {Occasion::ExperimentFailed};
  }
  const auto* moved = std::get_if<RunStateChanged>(&event.fact);
  if (!moved) return {};
  std::vector<Occasion> occasions;
  // A threshold that ends a run moves it twice, with the same words.
  if (tells_of_threshold(moved->message) && moved->message != message_before)
    occasions.push_back(Occasion::ThresholdExceeded);
  if (const auto end = end_of(moved->state)) occasions.push_back(*end);
  return occasions;
}

std::optional<Duration> wait_before_next_try(const Redelivery& retry, int tries, double jitter,
                                             std::optional<Duration> asked_for) {
  if (tries > retry.limit) return std::nullopt;
  const Backoff& backoff = retry.backoff;
  const double grown = static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, tries - 1);
  const double spread = std::min(grown, static_cast<double>(backoff.max.count())) * (0.8 + 0.4 * jitter);
  const Duration wait(static_cast<int64_t>(spread));
  return std::max(wait, std::min(asked_for.value_or(Duration(0)), kLongestAskedFor));
}

}  // namespace studyctl
