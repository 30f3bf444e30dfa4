#include "engine/docker/start_throttle.h"

#include <algorithm>
#include <thread>

namespace studyctl {
namespace {

// The 95th percentile of so many starts decides.
constexpr size_t kWindow = 20;
constexpr int kFewest = 1;
// Starts are too slow when they take so many times the best window, and longer than an engine at ease ever
// does.
constexpr int kTooSlow = 3;
constexpr Duration kNeverSlow{1500};

}  // namespace

StartThrottle::StartThrottle(Clock& clock, int most)
    : clock_(clock),
      most_(most > 0 ? most : std::max(4, 2 * static_cast<int>(std::thread::hardware_concurrency()))),
      slots_(most_) {}

StartThrottle::Ticket StartThrottle::enter(Work work, std::function<void()> go) {
  const Ticket ticket = next_++;
  (work == Work::Start ? starts_ : creates_).push_back({ticket, std::move(go)});
  admit();
  return ticket;
}

void StartThrottle::leave(Ticket ticket) {
  const auto is_it = [ticket](const Waiter& waiter) { return waiter.ticket == ticket; };
  std::erase_if(starts_, is_it);
  std::erase_if(creates_, is_it);
  const auto found = holders_.find(ticket);
  if (found == holders_.end()) return;
  if (found->second.work == Work::Start) learn(clock_.steady() - found->second.since);
  holders_.erase(found);
  admit();
}

void StartThrottle::admit() {
  while (static_cast<int>(holders_.size()) < slots_) {
    auto& queue = starts_.empty() ? creates_ : starts_;
    if (queue.empty()) return;
    Waiter waiter = std::move(queue.front());
    holders_[waiter.ticket] = {&queue == &starts_ ? Work::Start : Work::Create, clock_.steady()};
    queue.pop_front();
    waiter.go();
  }
}

void StartThrottle::learn(Duration took) {
  window_.push_back(took);
  if (window_.size() < kWindow) return;
  std::sort(window_.begin(), window_.end());
  const Duration p95 = window_[kWindow * 95 / 100 - 1];
  window_.clear();
  if (best_ == Duration(0) || p95 < best_) best_ = p95;
  const bool is_slow = p95 > kNeverSlow && p95 > best_ * kTooSlow;
  slots_ = is_slow ? std::max(kFewest, slots_ / 2) : std::min(most_, slots_ + 1);
}

}  // namespace studyctl
