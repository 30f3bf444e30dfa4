#include "plan/start_queue.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

std::string cores(int64_t millicpu) {
  std::string text = std::to_string(millicpu / 1000);
  const int64_t rest = millicpu % 1000;
  if (rest == 0) return text;
  text += "." + std::to_string(1000 + rest).substr(1);
  return text.erase(text.find_last_not_of('0') + 1);
}

}  // namespace

Room need_of(const Resources& resources) {
  Room need;
  need.millicpu = resources.millicpu.value_or(resources.millicpu_request.value_or(0));
  need.memory_bytes = resources.memory_bytes.value_or(resources.memory_bytes_request.value_or(0));
  for (const DeviceRequest& device : resources.devices) need.devices[device.kind] += device.count;
  return need;
}

int places(const Room& room, const Room& need, int parallelism) {
  int64_t most = parallelism;
  if (need.millicpu > 0) most = std::min(most, room.millicpu / need.millicpu);
  if (need.memory_bytes > 0) most = std::min(most, room.memory_bytes / need.memory_bytes);
  for (const auto& [kind, count] : need.devices) {
    auto there = room.devices.find(kind);
    if (count > 0) most = std::min<int64_t>(most, there == room.devices.end() ? 0 : there->second / count);
  }
  return static_cast<int>(most);
}

std::optional<std::string> does_not_fit(const Room& room, const Room& need) {
  if (need.millicpu > room.millicpu)
    return "cpu: an attempt needs " + cores(need.millicpu) + ", the machine has " + cores(room.millicpu);
  if (need.memory_bytes > room.memory_bytes)
    return "memory: an attempt needs " + human_bytes(need.memory_bytes) + ", the machine has " +
           human_bytes(room.memory_bytes);
  for (const auto& [kind, count] : need.devices) {
    auto found = room.devices.find(kind);
    const int there = found == room.devices.end() ? 0 : found->second;
    if (count > there)
      return kind + ": an attempt needs " + std::to_string(count) + ", the machine has " +
             std::to_string(there);
  }
  return std::nullopt;
}

StartQueue::StartQueue(RunOrder order, const Execution& execution, int places)
    : order_(order),
      kind_(execution.order),
      cooldown_(execution.cooldown),
      places_(static_cast<size_t>(std::max(places, 1))) {}

std::optional<RepetitionKey> StartQueue::first_untried(const Ledger& ledger) {
  const auto is_untried = [&](const RepetitionKey& key) {
    return ledger.has(key) && ledger.state(key) == RepetitionState::Waiting &&
           ledger.troubles(key).attempts == 0;
  };
  if (is_pilot_on(ledger)) {
    for (RepetitionKey key : pilot_) {
      key.generation = ledger.generation();
      if (is_untried(key)) return key;
    }
    return std::nullopt;
  }
  for (; cursor_ < order_.size(); ++cursor_) {
    RepetitionKey key = order_.at(cursor_);
    key.generation = ledger.generation();
    if (is_untried(key)) return key;
  }
  return std::nullopt;
}

void StartQueue::reconsider(const RepetitionKey& key) {
  cursor_ = std::min(cursor_, order_.earliest(key));
}

Room StartQueue::need(const Ledger& ledger, const RepetitionKey& key) const {
  Room need = need_(key);
  const int64_t grown = std::min(ledger.troubles(key).grown.memory_bytes, room_.memory_bytes);
  if (need.memory_bytes > 0) need.memory_bytes = std::max(need.memory_bytes, grown);
  return need;
}

std::optional<std::string> StartQueue::lacks_room(const Ledger& ledger, const RepetitionKey& key) {
  if (!need_) return std::nullopt;
  std::erase_if(taken_, [&](const auto& taken) { return !ledger.active(taken.first); });
  Room free = room_;
  for (const auto& [active, attempt] : ledger.active()) {
    const auto [place, is_new] = taken_.try_emplace(active);
    Room& taken = place->second;
    if (is_new) taken = need(ledger, active);
    free.millicpu -= taken.millicpu;
    free.memory_bytes -= taken.memory_bytes;
    for (const auto& [kind, count] : taken.devices) free.devices[kind] -= count;
  }
  const Room need = this->need(ledger, key);
  if (need.millicpu > free.millicpu)
    return "cpu: the next needs " + cores(need.millicpu) + ", " + cores(free.millicpu) + " are free";
  if (need.memory_bytes > free.memory_bytes)
    return "memory: the next needs " + human_bytes(need.memory_bytes) + ", " +
           human_bytes(free.memory_bytes) + " are free";
  for (const auto& [kind, count] : need.devices) {
    if (count > free.devices[kind])
      return kind + ": the next needs " + std::to_string(count) + ", " + std::to_string(free.devices[kind]) +
             " are free";
  }
  return std::nullopt;
}

bool StartQueue::at_cycle_boundary(const Ledger& ledger) {
  if (kind_ == Order::Sequential || ledger.last_cycle() == 0) return false;
  const std::optional<RepetitionKey> key = first_untried(ledger);
  return key && key->cycle > ledger.last_cycle();
}

bool StartQueue::between_cycles(const Ledger& ledger) {
  return ledger.active().empty() && ledger.retries().empty() && at_cycle_boundary(ledger);
}

Duration StartQueue::cooldown_before_next(const Ledger& ledger) {
  if (ledger.count(RepetitionState::Waiting) == 0) return Duration(0);
  return between_cycles(ledger) ? std::max(cooldown_.cycle, cooldown_.experiment) : cooldown_.experiment;
}

std::variant<NextStart, NothingStarts> StartQueue::next(const Ledger& ledger, Steady now) {
  if (ledger.count(RepetitionState::Waiting) == 0) return NothingStarts{};
  if (ledger.active().size() >= places_) {
    return NothingStarts{
        "a place: " + std::to_string(places_) + " of " + std::to_string(places_) + " are taken", {}};
  }
  if (now < ledger.cooldown_until()) return NothingStarts{"cooldown", ledger.cooldown_until()};

  const auto& retries = ledger.retries();
  const auto next_retry = retries.empty() ? std::nullopt : std::optional(retries.begin()->first);
  if (!retries.empty() && retries.begin()->first <= now) {
    const RepetitionKey& key = retries.begin()->second;
    if (auto why = lacks_room(ledger, key)) return NothingStarts{*std::move(why), {}};
    return NextStart{{key, ledger.next_attempt(key)}};
  }
  if (const std::optional<RepetitionKey> key = first_untried(ledger)) {
    const bool cycle_goes_on = cooldown_.cycle > Duration(0) && at_cycle_boundary(ledger) &&
                               (!ledger.active().empty() || !retries.empty());
    auto why = lacks_room(ledger, *key);
    if (!cycle_goes_on && why) return NothingStarts{*std::move(why), next_retry};
    if (!cycle_goes_on) return NextStart{{*key, ledger.next_attempt(*key)}};
    return NothingStarts{"the end of cycle " + std::to_string(ledger.last_cycle()), next_retry};
  }
  if (is_pilot_on(ledger) && retries.empty()) return NothingStarts{"the end of the pilot", {}};
  return NothingStarts{"the backoff before a retry", next_retry};
}

}  // namespace studyctl
