#include "service/courier.h"

#include <algorithm>

namespace studyctl {
namespace {

constexpr size_t kMostUnderWay = 16;
// A wall clock that jumped makes nobody wait longer than the longest wait there is.
constexpr Duration kLongestWait = std::chrono::hours(30);
// What could not be recorded was perhaps taken.
constexpr Duration kPauseAfterFailure = std::chrono::seconds(10);

}  // namespace

Steady Courier::due_at(const Message& message) {
  const auto [found, is_new] = due_.try_emplace(message.row);
  if (is_new)
    found->second = clock_.steady() + std::clamp(message.next_at - clock_.now(), Duration(0), kLongestWait);
  return found->second;
}

Result<std::optional<Duration>> Courier::turn() {
  std::optional<Duration> next;
  for (bool again = true; again;) {
    again = false;
    next.reset();
    auto heads = outbox_.heads();
    if (!heads) return std::move(heads).error();
    for (const Message& message : *heads) {
      if (under_way_.contains(message.row)) continue;
      const Duration wait = due_at(message) - clock_.steady();
      if (wait > Duration(0)) {
        next = std::min(next.value_or(wait), wait);
      } else if (under_way_.size() < kMostUnderWay) {
        auto has_ended = send_due(message);
        if (!has_ended) return std::move(has_ended).error();
        again = again || *has_ended;  // and the one behind it may be due
      }
    }
  }
  return next;
}

// True when it is over already.
Result<bool> Courier::send_due(const Message& message) {
  auto rule = outbox_.rule_of(message);
  if (!rule && rule.error().code != ErrorCode::NotFound) return std::move(rule).error();
  if (!rule) {
    due_.erase(message.row);
    if (auto noted = outbox_.note_dead(message, rule.error().message, clock_.now()); !noted)
      return noted.error();
    return true;
  }
  under_way_.insert(message.row);
  send_(message, *rule,
        [this, message, rule = *rule](const Delivery& delivery) { conclude(message, rule, delivery); });
  return !under_way_.contains(message.row);
}

void Courier::conclude(const Message& message, const Notification& rule, const Delivery& delivery) {
  under_way_.erase(message.row);
  due_.erase(message.row);
  if (auto recorded = record(message, rule, delivery); !recorded) {
    failure_ = std::move(recorded).error();
    due_[message.row] = clock_.steady() + kPauseAfterFailure;
  }
}

Result<void> Courier::record(const Message& message, const Notification& rule, const Delivery& delivery) {
  const Instant now = clock_.now();
  if (delivery.kind == Delivery::Kind::Taken) return outbox_.note_sent(message, now);
  const auto wait = delivery.kind == Delivery::Kind::Gone
                        ? std::nullopt
                        : wait_before_next_try(rule.retry, message.tries + 1, jitter_(), delivery.asked_for);
  if (!wait) return outbox_.note_dead(message, delivery.error, now);
  auto noted = outbox_.note_failed(message, delivery.error, now + *wait);
  if (noted) due_[message.row] = clock_.steady() + *wait;
  return noted;
}

}  // namespace studyctl
